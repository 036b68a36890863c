package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two kinds of lines of a dump are changed on their way, and not a byte of anything else. */
class DumpTextTest {

    private static final String LINE = "ALTER DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;";
    private static final String NAMELESS = "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;";

    @Test
    void everythingElsePasses() throws IOException {
        for (int size : new int[] {0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 66_047, 66_048, 66_049, 300_000}) {
            byte[] any = new byte[size];
            new Random(size).nextBytes(any);
            assertThat(through(any)).as("%d bytes", size).isEqualTo(any);
        }
        for (String text : new String[] {
            "x " + LINE + "\n",
            "\nALTER DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ; DROP TABLE x;\n",
            "\nALTER DATABASE `shop",
            "\n\nALTER DATABASE `" + "x".repeat(70_000) + "`\n",
            "/*M!999999\\- enable"
        }) {
            assertThat(through(text)).isEqualTo(text);
        }
    }

    @Test
    void theNameIsTakenOutWhereverItStands() throws IOException {
        for (int before = 65_000; before < 66_700; before += 7) {
            String filler = "y".repeat(before);
            assertThat(through(filler + "\n" + LINE + "\n" + filler + "\n" + LINE))
                    .as("after %d bytes", before)
                    .isEqualTo(filler + "\n" + NAMELESS + "\n" + filler + "\n" + NAMELESS);
        }
    }

    @Test
    void theSandboxLineIsLeftOut() throws IOException {
        assertThat(through("/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\n"))
                .isEqualTo("\n-- MariaDB dump\n");
    }

    @Test
    void ownersGoOnDemandWhereDumpProgramsWriteThem() throws IOException {
        String owner = "`o``w @ö`@`%`";
        for (String line : new String[] {
            "DELIMITER ;;\nCREATE DEFINER=OWNER PROCEDURE `p`()\n",
            "DELIMITER ;;\nCREATE DEFINER=OWNER PACKAGE BODY `p` AS\n",
            "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=OWNER*/ /*!50003 TRIGGER `t`\n",
            "/*!50003 SET time_zone = 'SYSTEM' */ ;;\n/*!50106 CREATE*/ /*!50117 DEFINER=OWNER*/ /*!50106 EVENT `e`\n",
            "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=OWNER SQL SECURITY DEFINER */\n/*!50001 VIEW `v`"
        }) {
            String mine = line.replace("OWNER", "CURRENT_USER");
            for (String of : new String[] {owner, "`role`", "`" + "ö".repeat(128) + "`@`" + "h".repeat(255) + "`"}) {
                String text = line.replace("OWNER", of);
                assertThat(owned(text)).isEqualTo(mine);
                assertThat(through(text)).as("where it matters").isEqualTo(text);
            }
            for (int before = 65_536 - 3 * text(line, owner); before < 65_536 + 2_200; before += 3) {
                String filler = "y".repeat(before) + "\n";
                assertThat(owned(filler + line.replace("OWNER", owner)))
                        .as("after %d bytes", before)
                        .isEqualTo(filler + mine);
            }
        }
    }

    @Test
    void nothingElseLosesAnOwner() throws IOException {
        for (String text : new String[] {
            "INSERT INTO `t` VALUES ('\nCREATE DEFINER=`a`@`b` PROCEDURE p()\n'),('*/\nCREATE DEFINER=`a`@`b` VIEW');\n",
            "INSERT INTO `t` VALUES (';;\\nCREATE DEFINER=`a`@`b` PROCEDURE p()');\n",
            "DELIMITER ;;\nINSERT INTO t VALUES (' DEFINER=`a`@`b` ');;\n",
            "DELIMITER ;;\n CREATE DEFINER=`a`@`b` PROCEDURE p()\n",
            "DELIMITER ;;\nCREATE DEFINER=`a`@`b`PROCEDURE p()\n",
            "DELIMITER ;;\nCREATE DEFINER=`a",
            "DELIMITER ;;\nCREATE DEFINER=`" + "x".repeat(70_000) + "`@`b` PROCEDURE p()\n",
        }) {
            assertThat(owned(text)).isEqualTo(text);
        }
    }

    private static int text(String line, String owner) {
        return line.length() + owner.length();
    }

    private static String through(String text) throws IOException {
        return new String(through(text.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private static String owned(String text) throws IOException {
        return new String(through(text.getBytes(StandardCharsets.UTF_8), true), StandardCharsets.UTF_8);
    }

    private static byte[] through(byte[] bytes) throws IOException {
        return through(bytes, false);
    }

    private static byte[] through(byte[] bytes, boolean owned) throws IOException {
        DumpText text = new DumpText(new ByteArrayInputStream(bytes), owned);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] piece = text.next(); piece.length > 0; piece = text.next()) {
            out.writeBytes(piece);
        }
        return out.toByteArray();
    }
}
