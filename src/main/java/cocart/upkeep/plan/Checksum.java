package cocart.upkeep.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checksums of plans and their steps. */
final class Checksum {

    /** What is left out is as if it had never been known: a new field does not change the checksums of old plans. */
    private static final ObjectMapper JSON = new ObjectMapper()
            .setSerializationInclusion(JsonInclude.Include.NON_EMPTY)
            .registerModule(new SimpleModule().addSerializer(Duration.class, ToStringSerializer.instance));

    private static final Pattern QUOTED_OR_SPACE =
            Pattern.compile("'(?:[^'\\\\]|\\\\.)*+'|\"(?:[^\"\\\\]|\\\\.)*+\"|`[^`]*+`|\\s++", Pattern.DOTALL);

    private static final Pattern COMMENT = Pattern.compile("--|#|/\\*");

    private Checksum() {}

    /** SHA-256 of a plan or a part of it, in hex. */
    static String of(Record part) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(JSON.writeValueAsBytes(part)));
        } catch (JsonProcessingException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** SQL with one space for all white space between its words; as it is where a comment could end with its line. */
    static String normalised(String sql) {
        return COMMENT.matcher(sql).find()
                ? sql
                : QUOTED_OR_SPACE
                        .matcher(sql)
                        .replaceAll(
                                found -> Matcher.quoteReplacement(found.group().isBlank() ? " " : found.group()));
    }
}
