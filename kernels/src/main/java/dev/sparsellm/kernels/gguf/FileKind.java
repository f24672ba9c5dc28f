package dev.sparsellm.kernels.gguf;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Guesses from its first bytes what a file that is not GGUF may be, so that an error can say what to do. */
final class FileKind {

    /** First bytes enough to tell. */
    static final int PROBE_BYTES = 64;

    private FileKind() {}

    /** What the file looks like and the remedy, to follow "it is no GGUF file"; never empty. */
    static String describe(byte[] start) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        String trimmed = text.stripLeading().toLowerCase(Locale.ROOT);
        if (text.startsWith("version https://git-lfs")) {
            return "it is a Git LFS pointer; fetch the file itself with 'git lfs pull'";
        }
        if (trimmed.startsWith("<!doctype") || trimmed.startsWith("<html") || trimmed.startsWith("<?xml")) {
            return "it is a web page, perhaps an error message saved by a download; download the file again";
        }
        // safetensors: the length of a JSON header in 8 bytes, then that header
        if (text.length() > 8 && start[8] == '{' && start[5] == 0 && start[6] == 0 && start[7] == 0) {
            return "it looks like safetensors; convert it with llama.cpp's convert_hf_to_gguf.py, or get a GGUF file";
        }
        if (text.startsWith("PK")) {
            return "it looks like a zip archive, as PyTorch's .bin and .pth are; get a GGUF file of the model";
        }
        if (text.startsWith("lmgg") || text.startsWith("fmgg") || text.startsWith("tjgg")) {
            return "it is of GGML's file format of before August 2023; get a GGUF file of the model";
        }
        if (text.startsWith("\u001f\u008b") || text.startsWith("(\u00b5/\u00fd") || text.startsWith("\u00fd7zXZ")) {
            return "it is compressed; unpack it first";
        }
        if (trimmed.startsWith("{")) {
            return "it looks like JSON; name the model's .gguf file instead";
        }
        if (text.chars().allMatch(c -> c == 0)) {
            return "it begins with zeros, as an unfinished download does; download it again";
        }
        StringBuilder hex = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            hex.append(i == 0 ? "" : " ").append("%02x".formatted(start[i]));
        }
        return "it begins with the bytes " + hex + " instead of 'GGUF'; name a .gguf file";
    }
}
