/** CHESS and CATS: operators that leave out what a calibrated threshold says does not matter. */
module dev.sparsellm.chess {
    requires dev.sparsellm.spi;
    requires dev.sparsellm.kernels;

    provides dev.sparsellm.spi.OperatorProvider with
            dev.sparsellm.chess.ChessProvider;
}
