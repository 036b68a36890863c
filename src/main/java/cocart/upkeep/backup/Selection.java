package cocart.upkeep.backup;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** The contents that a {@link Sample} takes out of all that were offered; eight bytes for each line that names one. */
final class Selection {

    private final Sample sample;
    private long[] places = new long[1024];
    private int offered;
    private long distinct;
    private long last = Long.MAX_VALUE;
    private final Set<String> always = new HashSet<>();

    Selection(Sample sample) {
        this.sample = sample;
    }

    /** One more content, or one that was offered before. */
    void offer(String sha256) {
        if (offered == places.length) {
            places = Arrays.copyOf(places, offered + (offered >> 1));
        }
        places[offered++] = sample.place(sha256);
    }

    /** One more content that is taken, whatever the sample. */
    void always(String sha256) {
        offer(sha256);
        always.add(sha256);
    }

    /** All were offered: from now on it is known which are taken; at least one, if there is one. */
    void close() {
        Arrays.sort(places, 0, offered);
        for (int i = 0; i < offered; i++) {
            if (i == 0 || places[i] != places[(int) distinct - 1]) {
                places[(int) distinct++] = places[i];
            }
        }
        if (!sample.isAll() && distinct > 0) {
            last = places[(int) Math.max(1, Math.round(distinct * sample.part())) - 1];
        }
        places = new long[0];
    }

    /** Number of distinct contents. */
    long distinct() {
        return distinct;
    }

    boolean takes(String sha256) {
        return sample.isAll() || always.contains(sha256) || sample.place(sha256) <= last;
    }
}
