package dev.sparsellm.robustness;

import dev.sparsellm.spi.WorkerGroup;

/** No threads but the caller's. */
final class Alone implements WorkerGroup {

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public void run(int parts, Task task) {
        for (int part = 0; part < parts; part++) {
            task.run(part, 0);
        }
    }
}
