package cocart.upkeep.migrate;

import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.Site;

/**
 * A step's place in the queue: first those of the main site, then those of each other blog by its number, so that a
 * blog's places stay its own whoever else joins the network.
 *
 * @param blog number of the blog
 * @param step place in the plan, from 0
 */
record Place(int blog, int step) {

    private static final int STEPS = 1_000;

    /** @throws IllegalArgumentException if a plan has more steps than there are places */
    Place {
        if (step < 0 || step >= STEPS) {
            throw new IllegalArgumentException("a plan has at most " + STEPS + " steps");
        }
    }

    static Place of(Site site, int step) {
        return new Place(site.blog(), step);
    }

    static Place at(int position) {
        return new Place(position < STEPS ? Site.MAIN : position / STEPS, position % STEPS);
    }

    int position() {
        return blog == Site.MAIN ? step : blog * STEPS + step;
    }

    /** As it is shown: with the prefix of a blog's tables, {@code add-cart-created (wp_2_)}. */
    static String name(UpdatePlan.Step step, Site site) {
        return site.isMain() ? step.name() : step.name() + " (" + site.address().prefix() + ")";
    }

    /** What a blog's steps have after their own name; nothing for the main site. */
    static String suffix(int blog, String name) {
        return blog == Site.MAIN ? "" : name.substring(name.lastIndexOf(" ("));
    }

    /** True if that is a step's name at this place. */
    boolean isOf(UpdatePlan.Step step, String name) {
        return blog == Site.MAIN ? name.equals(step.name()) : name.startsWith(step.name() + " (");
    }
}
