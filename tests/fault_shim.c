/* A disk that fails, for one process: loaded with LD_PRELOAD, it counts what the process changes below the
 * directories in FAULT_ROOTS and lets the FAULT_AT-th change go wrong as FAULT_HOW says. See fault_kit.py.
 *
 *   kill     SIGKILL before it          tear   half of a write, then SIGKILL
 *   ENOSPC, EIO, ...  it alone fails so
 *   full     from it on there is no room: a write is cut short, then nothing grows
 *   dead     from it on everything fails with EIO
 *   nolock   flock is not supported (FAULT_AT does not matter)
 *
 * FAULT_LOG gets a line for each change: number, kind, path, second path, offset, length (tabs between).
 * FAULT_DATA gets the bytes of every write, one behind another. The variables are taken out of the environment,
 * so that child processes are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum how { NONE, KILL, TEAR, ONCE, FULL, DEAD, NOLOCK };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *roots;
static long at, count;
static enum how how;
static int error_number, log_fd = -1, data_fd = -1, full_since_write;

static int out_of_the_way(const char *path) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 700);
    if (fd >= 0) syscall(SYS_close, fd);
    return high;
}

__attribute__((constructor)) static void begin(void) {
    const char *given = getenv("FAULT_ROOTS"), *text;
    if (given == NULL) return;
    if ((text = getenv("FAULT_LOG")) != NULL) log_fd = out_of_the_way(text);
    if ((text = getenv("FAULT_DATA")) != NULL) data_fd = out_of_the_way(text);
    if ((text = getenv("FAULT_AT")) != NULL) at = atol(text);
    if ((text = getenv("FAULT_HOW")) != NULL) {
        if (!strcmp(text, "kill")) how = KILL;
        else if (!strcmp(text, "tear")) how = TEAR;
        else if (!strcmp(text, "full")) how = FULL;
        else if (!strcmp(text, "dead")) how = DEAD;
        else if (!strcmp(text, "nolock")) how = NOLOCK;
        else {
            how = ONCE;
            error_number = !strcmp(text, "ENOSPC") ? ENOSPC : EIO;
        }
    }
    roots = strdup(given);
    unsetenv("FAULT_ROOTS"), unsetenv("FAULT_LOG"), unsetenv("FAULT_DATA"), unsetenv("FAULT_AT");
    unsetenv("FAULT_HOW"), unsetenv("LD_PRELOAD");
}

static int watched(const char *path) {
    for (const char *root = roots; root != NULL && *root;) {
        size_t length = strcspn(root, ":");
        if (!strncmp(path, root, length) && (path[length] == '/' || path[length] == 0)) return 1;
        root += length + (root[length] == ':');
    }
    return 0;
}

static int path_of(const char *given, char *path) {
    if (given == NULL) return 0;
    if (given[0] == '/') snprintf(path, PATH_MAX, "%s", given);
    else {
        if (getcwd(path, PATH_MAX) == NULL) return 0;
        size_t used = strlen(path);
        snprintf(path + used, PATH_MAX - used, "/%s", given);
    }
    return watched(path);
}

static int path_of_fd(int fd, char *path) {
    char link[64];
    if (roots == NULL || fd < 0 || fd == log_fd || fd == data_fd) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return watched(path);
}

/* Counts a change and says what is to become of it: 0 nothing, 1 it fails (errno is set), 2 a write is cut short. */
static int meets(const char *kind, const char *path, const char *other, long offset, const void *data, size_t length) {
    long number = ++count;
    int grows = data != NULL || !strcmp(kind, "create") || !strcmp(kind, "mkdir") || !strcmp(kind, "link") ||
                !strcmp(kind, "grow");
    if (log_fd >= 0) {
        char line[3 * PATH_MAX];
        int used = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\t%ld\t%zu\n", number, kind, path, other, offset, length);
        syscall(SYS_write, log_fd, line, used);
        if (data_fd >= 0 && data != NULL) syscall(SYS_write, data_fd, data, length);
    }
    if (at == 0 || how == NONE || how == NOLOCK || number < at) return 0;
    if (how == KILL || (how == TEAR && (data == NULL || length < 2))) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (how == TEAR) return 2;
    if (how == ONCE && number == at) return errno = error_number, 1;
    if (how == FULL && grows) {
        if (data != NULL && length > 1 && !full_since_write) return full_since_write = 1, 2;
        return errno = ENOSPC, 1;
    }
    if (how == DEAD) return errno = EIO, 1;
    return 0;
}

static void torn(void) {
    if (how != TEAR) return;
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define GUARDED(found, fails, call)            \
    do {                                       \
        if (!(found)) return call;             \
        pthread_mutex_lock(&mutex);            \
        __typeof__(call) result;               \
        if (fails) result = -1;                \
        else result = call;                    \
        int kept = errno;                      \
        pthread_mutex_unlock(&mutex);          \
        errno = kept;                          \
        return result;                         \
    } while (0)

#define OPENED(name, extra_parameters, extra_arguments)                                          \
    int name extra_parameters {                                                                  \
        mode_t mode = 0;                                                                         \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                   \
            va_list rest;                                                                        \
            va_start(rest, flags);                                                               \
            mode = va_arg(rest, mode_t);                                                         \
            va_end(rest);                                                                        \
        }                                                                                        \
        char full[PATH_MAX];                                                                     \
        struct stat old;                                                                         \
        int found = roots != NULL && path_of(path, full);                                        \
        int there = found && stat(full, &old) == 0;                                              \
        const char *kind = (flags & O_CREAT) && !there ? "create" : (flags & O_TRUNC) ? "truncate" : NULL; \
        if (there && (flags & O_EXCL)) kind = NULL;                                              \
        GUARDED(found && kind, meets(kind, full, "", 0, NULL, 0), REAL(name) extra_arguments);   \
    }

OPENED(open, (const char *path, int flags, ...), (path, flags, mode))
OPENED(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENED(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
OPENED(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

#define WRITTEN(name, parameters, where, real_whole, real_half)                     \
    ssize_t name parameters {                                                       \
        char full[PATH_MAX];                                                        \
        if (roots == NULL || !path_of_fd(fd, full)) return real_whole;              \
        pthread_mutex_lock(&mutex);                                                 \
        int fate = meets("write", full, "", (long)(where), data, length);           \
        ssize_t result = fate == 1 ? -1 : fate == 2 ? real_half : real_whole;       \
        int kept = errno;                                                           \
        if (fate == 2) torn();                                                      \
        pthread_mutex_unlock(&mutex);                                               \
        errno = kept;                                                               \
        return result;                                                              \
    }

WRITTEN(write, (int fd, const void *data, size_t length), lseek(fd, 0, SEEK_CUR), REAL(write)(fd, data, length),
        REAL(write)(fd, data, length / 2))
WRITTEN(pwrite, (int fd, const void *data, size_t length, off_t offset), offset,
        REAL(pwrite)(fd, data, length, offset), REAL(pwrite)(fd, data, length / 2, offset))
WRITTEN(pwrite64, (int fd, const void *data, size_t length, off64_t offset), offset,
        REAL(pwrite64)(fd, data, length, offset), REAL(pwrite64)(fd, data, length / 2, offset))

#define ON_FD(name, parameters, arguments, kind, offset)                                             \
    int name parameters {                                                                            \
        char full[PATH_MAX];                                                                         \
        GUARDED(roots != NULL && path_of_fd(fd, full), meets(kind, full, "", offset, NULL, 0), REAL(name) arguments); \
    }

static int grows(int fd, off64_t size) {
    struct stat now;
    return fstat(fd, &now) == 0 && size > now.st_size;
}

ON_FD(fsync, (int fd), (fd), "sync", 0)
ON_FD(fdatasync, (int fd), (fd), "sync", 0)
ON_FD(ftruncate, (int fd, off_t size), (fd, size), grows(fd, size) ? "grow" : "cut", (long)size)
ON_FD(ftruncate64, (int fd, off64_t size), (fd, size), grows(fd, size) ? "grow" : "cut", (long)size)

/* close takes the descriptor away whether it fails or not. */
int close(int fd) {
    char full[PATH_MAX];
    int flags = roots == NULL ? -1 : fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || !path_of_fd(fd, full)) return REAL(close)(fd);
    pthread_mutex_lock(&mutex);
    int fails = meets("close", full, "", 0, NULL, 0), kept = errno;
    int result = REAL(close)(fd);
    pthread_mutex_unlock(&mutex);
    if (fails) errno = kept;
    return fails ? -1 : result;
}

#define ON_PATH(name, parameters, arguments, kind)                                                     \
    int name parameters {                                                                              \
        char full[PATH_MAX];                                                                           \
        GUARDED(roots != NULL && path_of(path, full), meets(kind, full, "", 0, NULL, 0), REAL(name) arguments); \
    }

ON_PATH(unlink, (const char *path), (path), "unlink")
ON_PATH(unlinkat, (int dir, const char *path, int flags), (dir, path, flags), "unlink")
ON_PATH(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), "mkdir")

int mkdir(const char *path, mode_t mode) {
    char full[PATH_MAX];
    struct stat old;
    int found = roots != NULL && path_of(path, full) && stat(full, &old) != 0;
    GUARDED(found, meets("mkdir", full, "", 0, NULL, 0), REAL(mkdir)(path, mode));
}

#define ON_TWO(name, kind)                                                                             \
    int name(const char *path, const char *second) {                                                   \
        char full[PATH_MAX], other[PATH_MAX];                                                          \
        int found = roots != NULL && (path_of(path, full) | path_of(second, other));                   \
        GUARDED(found, meets(kind, full, other, 0, NULL, 0), REAL(name)(path, second));                \
    }

ON_TWO(rename, "rename")
ON_TWO(link, "link")

int flock(int fd, int operation) {
    if (how == NOLOCK) return errno = ENOLCK, -1;
    return REAL(flock)(fd, operation);
}
