package cocart.upkeep.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of data updates in a plugin's source, in every style that was seen and some that were not. */
class DbUpdatesTest {

    private static final Map<String, List<String>> BOTH = Map.of("3.0.0", List.of("a", "b"), "4.3.23", List.of("c"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                // 3.x and 4.x
                "<?php\nclass X {\n\tprivate static $db_updates = array(\n\t\t'3.0.0'  => array(\n\t\t\t'a',\n\t\t\t'b',\n"
                        + "\t\t),\n\t\t'4.3.23' => array(\n\t\t\t'c',\n\t\t),\n\t);\n}\n",
                "<?php class X { public static array $db_updates = [ \"3.0.0\" => [ \"a\", \"b\" ], '4.3.23' => [ 'c' ] ]; }",
                "<?php $db_updates=ARRAY('3.0.0'=>['a','b'],'4.3.23'=>array('c'));",
                "<?php\r\n$db_updates /* x */ = // y\r\n array ( '3.0.0' => array( 'a', # why\n 'b' ), '4.3.23' => 'c', );",
                // what comes before it is no code
                "<p>It's $db_updates = array( '9.0.0' => array( 'x' ) );</p><?php // $db_updates = array('8.0.0'=>array('x'));\n"
                        + "/* $db_updates = array( '7.0.0' => array( 'x' ) ); */ $t = '$db_updates = [ \\'6\\' ]';"
                        + " $h = <<<'TXT'\n$db_updates = array( '5.0.0' => array( 'x' ) );\n  TXT;\n"
                        + " $db_updates = [ '3.0.0' => [ 'a', 'b' ], '4.3.23' => [ 'c' ] ];",
                "<?php $y = self::$db_updates; $db_updates = null; #[Attr]\n function f( $db_updates = array() ) {}"
                        + " static $db_updates = [ '3.0.0' => [ 'a', 'b' ], '4.3.23' => [ 'c' ] ];",
            })
    void theListIsRead(String source) {
        assertThat(DbUpdates.read(source).orElseThrow().updates()).isEqualTo(BOTH);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<?php $db_updates = array( '3.0.0' => array( self::A ) );",
                "<?php $db_updates = array( VERSION => array( 'a' ) );",
                "<?php $db_updates = array( '3.0.0' => array( 'a' . 'b' ) );",
                "<?php $db_updates = array( \"3.$x\" => array( 'a' ) );",
                "<?php $db_updates = array( '3.0.0' => array( 'a; DROP TABLE x' ) );",
                "<?php $db_updates = array( '3.0.0' => array( array( 'A', 'b' ) ) );",
                "<?php $db_updates = apply_filters( 'x', array() );",
                "<?php $db_updates = array( '3.0.0' => array( 'a'",
                "<?php $db_updates = array( '3.0.0' => array( 'a",
            })
    void whatIsNoListOfTextsIsNotGuessedAt(String source) {
        Optional<DbUpdates.Found> found = DbUpdates.read(source);
        assertThat(found).isPresent();
        assertThat(found.get().updates()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<?php",
                "<?php $updates = array( '3.0.0' => array( 'a' ) );",
                "$db_updates = array();",
                "<?php $db_updates = array();"
            })
    void noListIsNone(String source) {
        assertThat(DbUpdates.read(source)).isEmpty();
    }

    @Test
    void hostileSourceTakesNoMoreTimeThanItsLength() {
        String many = "<?php " + "$db_updates = array( '1' => array( ".repeat(15_000);
        assertThat(DbUpdates.read(many).orElseThrow().updates()).isNull();
        String versions = "<?php $db_updates = [" + "'1' => ['a'],".repeat(40_000) + "];";
        assertThat(DbUpdates.read(versions)).isPresent();
        assertThat(DbUpdates.read("<?php " + "<<<A\n".repeat(100_000))).isEmpty();
        String different = "<?php $db_updates = [";
        for (int i = 0; i < 60; i++) {
            different += "'" + i + "' => ['a'],";
        }
        assertThat(DbUpdates.read(different + "];").orElseThrow().updates())
                .as("more than 50 versions")
                .isNull();
    }
}
