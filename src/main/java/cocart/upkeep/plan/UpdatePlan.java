package cocart.upkeep.plan;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A data update of one plugin, as {@code config/updates/SLUG.yaml} declares it. In all SQL {@code {prefix}} stands for
 * the store's table prefix.
 *
 * @param plugin slug of the plugin
 * @param version database version that the update leads to; due for installed code of this version or later
 * @param declared due only where the installed code's own list of updates names the version
 * @param mark option that holds the database version, for example {@code cocart_db_version}
 * @param carts what must survive
 * @param updater hooks of the plugin's own updater in Action Scheduler
 * @param steps in order, at least one
 * @param proofs all must hold before the update is complete, at least one
 */
public record UpdatePlan(
        String plugin,
        String version,
        @JsonIgnore boolean declared,
        String mark,
        Carts carts,
        List<String> updater,
        List<Step> steps,
        List<Proof> proofs) {

    /** One that is due by the version of the code alone. */
    public UpdatePlan(
            String plugin,
            String version,
            String mark,
            Carts carts,
            List<String> updater,
            List<Step> steps,
            List<Proof> proofs) {
        this(plugin, version, false, mark, carts, updater, steps, proofs);
    }

    /** Of all that makes a difference to what is done; comments, descriptions and the form of the file do not. */
    public String checksum() {
        return Checksum.of(new UpdatePlan(
                plugin,
                version,
                declared,
                mark,
                carts,
                updater,
                steps.stream().map(Step::bare).toList(),
                proofs.stream().map(Proof::bare).toList()));
    }

    /**
     * The table whose rows must survive.
     *
     * @param table without prefix, for example {@code cocart_carts}
     * @param key its numeric primary key
     * @param columns columns that existed before the update and are compared
     */
    public record Carts(String table, String key, List<String> columns) {}

    /**
     * One step.
     *
     * @param name unique in the plan, a plain identifier with {@code -}
     * @param description one sentence for people
     * @param unless query with one number: not 0 means that the step is already done and is a no-op
     * @param sql statement to run; with chunks, {@code :from} and {@code :to} bound the key (from exclusive, to inclusive)
     * @param chunk null for a step that runs as a whole
     */
    public record Step(
            String name,
            String description,
            String unless,
            String sql,
            @Nullable Chunk chunk) {

        /** As the plan's: equal for steps that do the same. */
        public String checksum() {
            return Checksum.of(bare());
        }

        private Step bare() {
            return new Step(name, "", Checksum.normalised(unless), Checksum.normalised(sql), chunk);
        }
    }

    /**
     * How a long data step is cut: into ranges of its key, each of about as many rows. Each chunk is a transaction of
     * its own and may run more than once, so the statement must leave a chunk that is done as it is.
     *
     * @param table without prefix
     * @param key an indexed whole-number column of that table; rows that share a key are in the same chunk
     * @param rows rows per chunk, at least 1; fewer where a chunk takes longer than half a second
     * @param pause between two chunks, or null: as the settings say
     */
    public record Chunk(
            String table, String key, int rows, @Nullable Duration pause) {

        /** With the pause of the settings. */
        public Chunk(String table, String key, int rows) {
            this(table, key, rows, null);
        }
    }

    /**
     * One proof.
     *
     * @param name unique in the plan
     * @param description what it shows, one sentence
     * @param query query with one value
     * @param expect the value, as text, that shows that the update is done
     * @param remedy what a person does where the steps leave it so, for people; may have {@code {prefix}}; or null
     */
    public record Proof(
            String name,
            String description,
            String query,
            String expect,
            @Nullable String remedy) {

        /** One that says no remedy. */
        public Proof(String name, String description, String query, String expect) {
            this(name, description, query, expect, null);
        }

        private Proof bare() {
            return new Proof(name, "", Checksum.normalised(query), expect);
        }
    }
}
