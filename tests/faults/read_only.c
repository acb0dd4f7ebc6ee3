/* A disk that becomes read-only under a running process, as the kernel does to one that fails: while the file
 * FAULTY_DISK_READ_ONLY is there, nothing below the folder FAULTY_DISK can be written, not even by what is open. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE_IF(refused) if (refused) { errno = EROFS; return -1; }

static int below(const char *path) {
    const char *disk = getenv("FAULTY_DISK");
    size_t length = disk ? strlen(disk) : 0;
    return length && strncmp(path, disk, length) == 0 && (path[length] == '/' || path[length] == 0);
}
static int is_read_only(void) {
    const char *flag = getenv("FAULTY_DISK_READ_ONLY");
    int kept = errno, found = flag && access(flag, F_OK) == 0;
    errno = kept;
    return found;
}
static int on_disk(int folder, const char *path) {
    char link[64], base[PATH_MAX];
    if (!path || !is_read_only()) return 0;
    if (path[0] == '/') return below(path);
    if (folder == AT_FDCWD) return getcwd(base, sizeof base) && below(base);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    return below(base);
}
static int is_open_on_disk(int file) { int kept = errno, found = on_disk(file, ""); errno = kept; return found; }
static int writes(int folder, const char *path, int flags) {
    if (!on_disk(folder, path)) return 0;
    if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC) return 1;
    return flags & O_CREAT && faccessat(folder, path, F_OK, 0) != 0;
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, int); va_end(more); \
    REFUSE_IF(writes(AT_FDCWD, path, flags)) return NEXT(name)(path, flags, mode); }
#define OPENAT(name) int name(int folder, const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, int); va_end(more); \
    REFUSE_IF(writes(folder, path, flags)) return NEXT(name)(folder, path, flags, mode); }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

ssize_t write(int file, const void *bytes, size_t count) {
    REFUSE_IF(is_open_on_disk(file)) return NEXT(write)(file, bytes, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
    REFUSE_IF(is_open_on_disk(file)) return NEXT(pwrite)(file, bytes, count, place);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
    REFUSE_IF(is_open_on_disk(file)) return NEXT(pwrite64)(file, bytes, count, place);
}
int ftruncate(int file, off_t length) { REFUSE_IF(is_open_on_disk(file)) return NEXT(ftruncate)(file, length); }
int ftruncate64(int file, off64_t length) { REFUSE_IF(is_open_on_disk(file)) return NEXT(ftruncate64)(file, length); }
int unlink(const char *path) { REFUSE_IF(on_disk(AT_FDCWD, path)) return NEXT(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) {
    REFUSE_IF(on_disk(folder, path)) return NEXT(unlinkat)(folder, path, flags);
}
int rename(const char *from, const char *to) {
    REFUSE_IF(on_disk(AT_FDCWD, from) || on_disk(AT_FDCWD, to)) return NEXT(rename)(from, to);
}
int mkdir(const char *path, mode_t mode) { REFUSE_IF(on_disk(AT_FDCWD, path)) return NEXT(mkdir)(path, mode); }
int rmdir(const char *path) { REFUSE_IF(on_disk(AT_FDCWD, path)) return NEXT(rmdir)(path); }
