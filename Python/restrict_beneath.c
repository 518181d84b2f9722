/* Opening beneath a grant, whatever the names on the way are made to mean.

   What a path has left after the grant's own is opened beneath the grant's
   descriptor with openat2(): the kernel refuses to leave it by "..", by
   symbolic links, absolute or not, by magic links or into another mount,
   whoever swaps names meanwhile.  A kernel without openat2() gets a walk, one
   component at a time, that keeps to the same rules, as far as it can see: a
   folder of the same device, mounted beneath the grant, looks like any other.

   Only regular files and folders are opened: a device, a pipe or a socket
   beneath a grant is a way out of it. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#  include <linux/openat2.h>
#endif

#ifndef O_PATH
#  define O_PATH 0
#endif

/* How often to try again when names move under the kernel's feet, before the
   walk by component has its turn. */
#define MAX_RETRIES 64
#define MAX_LINKS 40   // as the kernel
#define MAX_DEPTH 128  // of the walk, in open folders

/* --- Walking, where the kernel has no openat2() ------------------------- */

struct walk {
    int fds[MAX_DEPTH];  // fds[0] is the grant's, borrowed
    int depth;
    int n_links;
    dev_t dev;                // of the grant: mounts are not crossed
    char rest[2 * PATH_MAX];  // what is still to be walked
};

static void
walk_up(struct walk *walk, int depth)
{
    while (walk->depth > depth) {
        close(walk->fds[walk->depth--]);
    }
}

/* Put the target of a link before the rest. */
static int
walk_link(struct walk *walk, int dirfd, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
    if (n < 0) {
        return -1;
    }
    target[n] = '\0';
    if (++walk->n_links > MAX_LINKS) {
        errno = ELOOP;
        return -1;
    }
    if (target[0] == '/') {
        errno = EXDEV;
        return -1;
    }
    size_t rest = strlen(walk->rest);
    if (n + 1 + rest + 1 > sizeof(walk->rest)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memmove(walk->rest + n + 1, walk->rest, rest + 1);
    memcpy(walk->rest, target, n);
    walk->rest[n] = '/';
    if (rest == 0) {  // no slash where there was none
        walk->rest[n] = '\0';
    }
    return 0;
}

/* Enter a folder, or put a link's target before the rest. */
static int
walk_down(struct walk *walk, const char *name)
{
    struct stat st;
    int dirfd = walk->fds[walk->depth];
    int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int err = fstat(fd, &st) < 0             ? errno
              : S_ISLNK(st.st_mode)          ? -1
              : !S_ISDIR(st.st_mode)         ? ENOTDIR
              : st.st_dev != walk->dev       ? EXDEV
              : walk->depth + 1 == MAX_DEPTH ? ENAMETOOLONG
                                             : 0;
    if (err == 0) {
        walk->fds[++walk->depth] = fd;
        return 0;
    }
    int result = -1;
    if (err < 0) {
        // The link itself is held: its name may have been swapped since.
        result = walk_link(walk, fd, "");
        err = errno;
    }
    close(fd);
    errno = err;
    return result;
}

/* Is what was opened to be had?  0; or 1: a link, which is now before the
   rest. */
static int
check_last(struct walk *walk, int fd, int flags, int follow)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        return -1;
    }
    if (S_ISLNK(st.st_mode)) {
        return !follow ? 0 : walk_link(walk, fd, "") < 0 ? -1 : 1;
    }
    if (st.st_dev != walk->dev) {
        errno = EXDEV;
        return -1;
    }
    return flags & O_TRUNC ? ftruncate(fd, 0) : 0;
}

/* It could not be opened, as a link cannot: ENOTDIR where O_DIRECTORY wants a
   folder. */
static int
follow_last(struct walk *walk, int dirfd, const char *name)
{
    int saved = errno;
    if (saved != ELOOP && saved != ENOTDIR) {
        return -1;
    }
    if (walk_link(walk, dirfd, name) == 0) {
        return 1;
    }
    errno = errno == EINVAL ? saved : errno;
    return -1;
}

/* Open the last component; 1 if it was a link, now before the rest.  What is
   on another mount is not to be touched: truncated is what is not. */
static int
walk_last(struct walk *walk, const char *name, int flags, mode_t mode,
          int *result)
{
    int dirfd = walk->fds[walk->depth];
    int follow = !(flags & O_NOFOLLOW)
                 && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    *result = openat(dirfd, name, (flags & ~O_TRUNC) | O_NOFOLLOW | O_CLOEXEC,
                     mode);
    if (*result < 0) {
        return follow ? follow_last(walk, dirfd, name) : -1;
    }
    int found = check_last(walk, *result, flags, follow);
    if (found != 0) {
        _PyRestrict_CloseKeepErrno(*result);
    }
    return found;
}

/* Take the first component off the rest.  1: it is the last one. */
static int
walk_next(struct walk *walk, char name[PATH_MAX])
{
    char *start = walk->rest + strspn(walk->rest, "/");
    size_t n = strcspn(start, "/");
    size_t taken = n < PATH_MAX ? n : PATH_MAX - 1;
    memcpy(name, start, taken);
    name[taken] = '\0';
    memmove(walk->rest, start + n, strlen(start + n) + 1);
    return walk->rest[0] == '\0';
}

static int
walk_step(struct walk *walk, int flags, mode_t mode, int *result)
{
    char name[PATH_MAX];
    int is_last = walk_next(walk, name);
    if (strcmp(name, "..") == 0) {
        if (walk->depth == 0) {
            errno = EXDEV;
            return -1;
        }
        walk_up(walk, walk->depth - 1);
        strcpy(name, ".");
    }
    if (strcmp(name, ".") == 0 || name[0] == '\0') {
        if (!is_last) {
            return 1;
        }
        return walk_last(walk, ".", flags & ~(O_CREAT | O_EXCL), mode, result);
    }
    if (is_last) {
        return walk_last(walk, name, flags, mode, result);
    }
    return walk_down(walk, name) < 0 ? -1 : 1;
}

static int
walk_beneath(int dirfd, const char *rest, int flags, mode_t mode)
{
    struct walk walk = {.fds = {dirfd}};
    struct stat st;
    int result = -1;
    if (fstat(dirfd, &st) < 0) {
        return -1;
    }
    walk.dev = st.st_dev;
    strcpy(walk.rest, rest);
    int more;
    do {
        more = walk_step(&walk, flags, mode, &result);
    } while (more > 0);
    int saved = errno;
    walk_up(&walk, 0);
    errno = saved;
    return more < 0 ? -1 : result;
}

/* --- Opening ------------------------------------------------------------ */

/* -1: not known yet.  Of the process, as the kernel is. */
static int have_openat2 = -1;

void
_PyRestrict_UseOpenat2(int use)
{
    _Py_atomic_store_int_relaxed(&have_openat2, use ? -1 : 0);
}

#ifdef SYS_openat2
static int
call_openat2(int dirfd, const char *path, int flags, mode_t mode,
             uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
        .mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode : 0,
        .resolve = resolve,
    };
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static int
probe_openat2(void)
{
    int fd = call_openat2(AT_FDCWD, "/", O_PATH, 0, RESOLVE_NO_MAGICLINKS);
    if (fd >= 0) {
        close(fd);
    }
    _Py_atomic_store_int_relaxed(&have_openat2, fd >= 0);
    return fd >= 0;
}
#endif

static int
open_beneath(int dirfd, const char *rest, int flags, mode_t mode)
{
#ifdef SYS_openat2
    int have = _Py_atomic_load_int_relaxed(&have_openat2);
    if (have < 0) {
        have = probe_openat2();
    }
    for (int i = 0; have && i < MAX_RETRIES; i++) {
        int fd = call_openat2(dirfd, rest, flags, mode,
                              RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
                                  | RESOLVE_NO_XDEV);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
            return fd;
        }
    }
#endif
    return walk_beneath(dirfd, rest, flags, mode);
}

/* What of an absolute path is beneath the grant; "." for the grant itself. */
static void
rest_of(const struct _restrict_grant *grant, const _PyRestrict_Path *path,
        char rest[PATH_MAX])
{
    const char *text = path->text + grant->len;
    text += *text == '/';
    if (*text == '\0') {
        strcpy(rest, ".");
        return;
    }
    strcpy(rest, text);
    if (path->is_dir) {
        strcat(rest, "/");
    }
}

/* Anything other than a file or a folder is a way out. */
static int
plain_only(int fd)
{
    struct stat st;
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &st) == 0) {
        if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
            return fd;
        }
        errno = S_ISLNK(st.st_mode) ? ELOOP : EXDEV;
    }
    _PyRestrict_CloseKeepErrno(fd);
    return -1;
}

/* Most names are those of a file right in the granted folder.  Without
   following links, one call sees that, and cannot lead out. */
static int
is_plain_name(int dirfd, const char *name)
{
    struct stat st;
    return strchr(name, '/') == NULL
           && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)
                  == 0
           && S_ISREG(st.st_mode);
}

/* Opening a device can have effects of its own: look before, without opening.
   0, or -1 with errno. */
static int
look_at(int dirfd, const char *rest, int flags)
{
    if (!(flags & O_DIRECTORY) && is_plain_name(dirfd, rest)) {
        return 0;
    }
    int look = plain_only(open_beneath(
        dirfd, rest, O_PATH | (flags & (O_NOFOLLOW | O_DIRECTORY)), 0));
    if (look >= 0) {
        close(look);
        return 0;
    }
    return errno == ENOENT && (flags & O_CREAT) ? 0 : -1;
}

/* Look again at what was opened in the end. */
static int
open_plain(int dirfd, const char *rest, int flags, mode_t mode)
{
    if (flags & O_PATH) {
        return open_beneath(dirfd, rest, flags, mode);
    }
    if ((flags & O_TMPFILE) != O_TMPFILE && look_at(dirfd, rest, flags) < 0) {
        return -1;
    }
    return plain_only(
        open_beneath(dirfd, rest, flags | O_NOCTTY | O_NONBLOCK, mode));
}

static int
is_granted_file(const struct _restrict_grant *grant, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_dev == grant->dev
           && st.st_ino == grant->ino;
}

/* A file granted by itself is the one that was there when the grant was made,
   whatever has its name now. */
static int
open_granted_file(const struct _restrict_grant *grant, int flags)
{
    char name[64];
    if (flags & O_DIRECTORY) {
        errno = ENOTDIR;
        return -1;
    }
    if (flags & O_PATH) {
        return fcntl(grant->fd, F_DUPFD_CLOEXEC, 3);
    }
    if ((flags & O_CREAT) && (flags & O_EXCL)) {
        errno = EEXIST;
        return -1;
    }
    int later = flags & O_TRUNC;
    flags &= ~(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW);
    flags |= O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
    PyOS_snprintf(name, sizeof(name), "/proc/self/fd/%d", grant->fd);
    int fd = open(name, flags);
    if (fd < 0 && errno == ENOENT) {  // no /proc
        fd = open(grant->path, flags | O_NOFOLLOW);
    }
    if (fd < 0) {
        return -1;
    }
    errno = EXDEV;
    if (!is_granted_file(grant, fd) || (later && ftruncate(fd, 0) < 0)) {
        _PyRestrict_CloseKeepErrno(fd);
        return -1;
    }
    return fd;
}

int
_PyRestrict_OpenAt(const struct _restrict_files *files,
                   const _PyRestrict_Path *path, int mode, int flags,
                   mode_t permissions)
{
    char rest[PATH_MAX];
    int next = 0;
    const struct _restrict_grant *grant;
    while ((grant = _PyRestrict_NextGrant(files, path->text, mode, &next))) {
        int fd;
        if (grant->is_dir) {
            rest_of(grant, path, rest);
            fd = open_plain(grant->fd, rest, flags, permissions);
        }
        else if (path->is_dir) {
            errno = ENOTDIR;
            return -1;
        }
        else {
            fd = open_granted_file(grant, flags);
        }
        if (fd >= 0 || errno != EXDEV) {
            return fd;
        }
    }
    errno = EXDEV;
    return -1;
}

int
_PyRestrict_OpenParent(const struct _restrict_files *files,
                       const _PyRestrict_Path *path, int mode,
                       const char **name, int *granted)
{
    char rest[PATH_MAX];
    int next = 0;
    const struct _restrict_grant *grant;
    *name = strrchr(path->text, '/') + 1;
    while ((grant = _PyRestrict_NextGrant(files, path->text, mode, &next))) {
        if (!grant->is_dir || path->text[grant->len] == '\0' || **name == '\0')
        {
            continue;
        }
        size_t len = *name - (path->text + grant->len) - 1;
        memcpy(rest, path->text + grant->len + (len > 0), len);
        rest[len > 0 ? len - 1 : 0] = '\0';
        int fd = open_beneath(grant->fd, rest[0] ? rest : ".",
                              O_PATH | O_DIRECTORY, 0);
        *granted = grant->mode;
        if (fd >= 0 || errno != EXDEV) {
            return fd;
        }
    }
    errno = EXDEV;
    return -1;
}

/* Is the folder `inner`, or one above it, the grant's? */
static int
is_within(int inner, const struct _restrict_grant *outer)
{
    struct stat st, above;
    int fd = fcntl(inner, F_DUPFD_CLOEXEC, 3);
    int found = fd < 0 || fstat(fd, &st) < 0;  // fail closed
    while (!found) {
        found = st.st_dev == outer->dev && st.st_ino == outer->ino;
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = up;
        found = found || fd < 0 || fstat(fd, &above) < 0;
        if (!found && above.st_dev == st.st_dev && above.st_ino == st.st_ino) {
            break;  // the root
        }
        st = above;
    }
    if (fd >= 0) {
        close(fd);
    }
    return found;
}

int
_PyRestrict_IsReadableWithin(const struct _restrict_files *files)
{
    for (int i = 0; i < files->n_grants; i++) {
        const struct _restrict_grant *inner = &files->grants[i];
        for (int j = 0; j < files->n_grants; j++) {
            const struct _restrict_grant *outer = &files->grants[j];
            if (inner->is_dir && (inner->mode & _PyRestrict_READ)
                && outer->is_dir && outer->mode == _PyRestrict_WRITE
                && is_within(inner->fd, outer))
            {
                return 1;
            }
        }
    }
    return 0;
}

int
_PyRestrict_OpenSource(const struct _restrict_grant *folder, const char *name)
{
    return open_plain(folder->fd, name, O_RDONLY, 0);
}

#endif /* WITH_RESTRICTED */
