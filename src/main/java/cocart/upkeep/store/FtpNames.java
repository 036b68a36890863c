package cocart.upkeep.store;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Between a server's bytes, one in each char as {@link FtpConnection} has them, and text.
 *
 * @param charset of the server's names: UTF-8 unless the option {@code ftpClient.controlEncoding} says another
 */
record FtpNames(Charset charset) {

    boolean isUtf8() {
        return charset.equals(StandardCharsets.UTF_8);
    }

    /** @throws StoreException if the server's charset has no such letters */
    String bytes(String store, String text) {
        try {
            ByteBuffer bytes = charset.newEncoder().encode(java.nio.CharBuffer.wrap(text));
            return StandardCharsets.ISO_8859_1.decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new StoreException(
                    "store " + store + ": '" + text + "' cannot be written in " + charset + ", which upkeep.store."
                            + store + ".files gives as ftpClient.controlEncoding",
                    e,
                    true);
        }
    }

    SftpFiles.Name name(String bytes) {
        byte[] raw = raw(bytes);
        try {
            return isUtf8()
                    ? SftpFiles.Name.of(raw)
                    : new SftpFiles.Name(
                            raw,
                            charset.newDecoder().decode(ByteBuffer.wrap(raw)).toString(),
                            true);
        } catch (CharacterCodingException e) {
            return SftpFiles.Name.of(raw);
        }
    }

    static byte[] raw(String bytes) {
        return bytes.getBytes(StandardCharsets.ISO_8859_1);
    }
}
