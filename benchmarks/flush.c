/* Makes a flush take as long as on a real disk: sleeps FLUSH_US microseconds after each
   fsync and fdatasync. Preloaded into a process by benchmarks/flush.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_disk(void) {
    const char *text = getenv("FLUSH_US");
    long micros = text ? atol(text) : 0;
    struct timespec rest = {micros / 1000000, micros % 1000000 * 1000};
    if (micros > 0) nanosleep(&rest, NULL);
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int done = real(file);
    wait_for_disk();
    return done;
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int done = real(file);
    wait_for_disk();
    return done;
}
