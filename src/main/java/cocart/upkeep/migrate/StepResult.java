package cocart.upkeep.migrate;

/**
 * How a step ended.
 *
 * @param cartsChecked {@code untouched}, {@code no-op} or {@code unlocked}: how it is known what happened to the carts
 * @param doneAhead how many of the steps right behind it are done already too, so that they need no run of their own; 0
 *     unless this one was a no-op
 * @see Queue#ahead
 */
public record StepResult(String cartsChecked, int doneAhead) {

    /** The step was not done before, or nobody looked further. */
    public static StepResult of(String cartsChecked) {
        return new StepResult(cartsChecked, 0);
    }
}
