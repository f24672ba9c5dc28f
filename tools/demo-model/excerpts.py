"""Cuts the held-out text and the calibration text that ship beside the model out of the corpus.

    excerpts.py --train TRAIN.txt[.xz] --valid VALID.txt[.xz] --out DIR [--bytes 120000]

Each takes whole paragraphs from the middle of several books: held-out.txt from books the model never saw,
calibration.txt from books it was trained on.
"""
import argparse
import pathlib

import prepare


def excerpt(book, size):
    """Whole paragraphs from the middle of a book, about size bytes of them."""
    paragraphs = book.split("\n\n")
    middle, total, taken = len(paragraphs) // 2, 0, []
    for paragraph in paragraphs[middle:] + paragraphs[:middle]:
        if total >= size:
            break
        taken.append(paragraph)
        total += len(paragraph) + 2
    return "\n\n".join(taken).strip()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--train", required=True)
    args.add_argument("--valid", required=True)
    args.add_argument("--out", required=True, type=pathlib.Path)
    args.add_argument("--bytes", type=int, default=120_000)
    args.add_argument("--books", type=int, default=12)
    args = args.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, path in [("held-out.txt", args.valid), ("calibration.txt", args.train)]:
        books = prepare.books(path)
        chosen = books[:: max(1, len(books) // args.books)][: args.books]
        texts = [excerpt(book, args.bytes // len(chosen)) for book in chosen]
        (args.out / name).write_text("\n\n".join(texts) + "\n")


if __name__ == "__main__":
    main()
