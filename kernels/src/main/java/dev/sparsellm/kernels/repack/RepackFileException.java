package dev.sparsellm.kernels.repack;

import java.io.IOException;

/** A file of repacked weights is not to be used. The message says why, as the end of a sentence about the file. */
final class RepackFileException extends IOException {

    private static final long serialVersionUID = 1;

    RepackFileException(String message) {
        super(message);
    }
}
