/* Files of a restricted interpreter: grants, paths, descriptors.

   Python/restrict_path.c decides, restrict_beneath.c opens, restrict_file.c
   guards FileIO and keeps the descriptors, restrict_os*.c are what guests have
   under `os`. */

#ifndef Py_INTERNAL_RESTRICT_FILES_H
#define Py_INTERNAL_RESTRICT_FILES_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <limits.h>  // PATH_MAX
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>  // close()

struct _restrict_state;

/* === Grants (restrict_path.c, restrict_beneath.c) ========================= */

/* What may be done with what a grant covers. */
#define _PyRestrict_READ 1
#define _PyRestrict_WRITE 2
#define _PyRestrict_FOLDER 4  // of a refusal: a folder's grant is meant

struct _restrict_grant {
    char *path;  // absolute, normal, as the host spelled it
    size_t len;
    int fd;    // O_PATH, taken when the grant was made
    int mode;  // _PyRestrict_READ | _PyRestrict_WRITE
    int is_dir;
    dev_t dev;
    ino_t ino;
};

struct _restrict_files {
    struct _restrict_grant *grants;  // longest path first, raw memory
    int n_grants;
    struct _restrict_grant *sources;  // folders to import from, in order
    int n_sources;
    char *cwd;        // the guest's own; NULL: "/"
    uint64_t *owned;  // bit n: descriptor n is the guest's
    size_t n_owned_words;
    int n_open;
    int open_cap;        // 0: the default
    long long size_cap;  // bytes written, in all; -1: no cap
    long long size_written;
};

/* A path of the guest's: absolute, without ".", ".." and doubled slashes.
   What is before ".." is taken away by name, as a shell's `cd` does, so that
   no symbolic link has a say in which grant is asked. */
typedef struct {
    char text[PATH_MAX];
    int is_dir;  // it ended in a slash
} _PyRestrict_Path;

/* 0, or -1 with errno: ENOENT (empty), ENAMETOOLONG. */
extern int _PyRestrict_Normalize(const char *cwd, const char *path,
                                 _PyRestrict_Path *result);

/* The grants that cover the path in this mode, one after the other: start
   with *next = 0.  The most specific comes first.  NULL: no more. */
extern const struct _restrict_grant *_PyRestrict_NextGrant(
    const struct _restrict_files *files, const char *path, int mode,
    int *next);

/* All that the grants together allow with the path. */
extern int _PyRestrict_ModeOf(const struct _restrict_files *files,
                              const char *path);

/* Is the path a folder on the way to a grant?  The guest may know of it. */
extern int _PyRestrict_IsOnTheWay(const struct _restrict_files *files,
                                  const char *path);

/* The same, or a granted folder itself. */
extern int _PyRestrict_IsKnownFolder(const struct _restrict_files *files,
                                     const char *path);

/* Is a folder that may be read inside one that may only be written? */
extern int _PyRestrict_IsReadableWithin(const struct _restrict_files *files);

/* Open beneath the grants.  A descriptor; or -1 with errno, EXDEV if nothing
   allows it or it leads out of what does.  Always close-on-exec.  Opens
   regular files and folders only, unless flags has O_PATH. */
extern int _PyRestrict_OpenAt(const struct _restrict_files *files,
                              const _PyRestrict_Path *path, int mode,
                              int flags, mode_t permissions);

/* The folder of the path, O_PATH, the path's last name in *name, and in
   *granted the mode of the grant that it is beneath, whatever the text says;
   the folder that is itself a grant has none: EXDEV. */
extern int _PyRestrict_OpenParent(const struct _restrict_files *files,
                                  const _PyRestrict_Path *path, int mode,
                                  const char **name, int *granted);

/* Read `name` beneath a folder to import from: a regular file.  A
   descriptor, or -1 with errno. */
extern int _PyRestrict_OpenSource(const struct _restrict_grant *folder,
                                  const char *name);

extern void _PyRestrict_FilesFini(struct _restrict_files *files);

/* Let modules be imported from an absolute folder, as source. */
PyAPI_FUNC(int) _PyRestrict_AddSourcePath(PyInterpreterState *interp,
                                          const char *path);
/* Start the guest in a folder other than "/": for relative paths only, it
   grants nothing.  Absolute. */
PyAPI_FUNC(int) _PyRestrict_SetWorkingDirectory(PyInterpreterState *interp,
                                                const char *path);
/* For the tests: 0 walks by component as on a kernel without openat2(). */
PyAPI_FUNC(void) _PyRestrict_UseOpenat2(int use);

/* === Descriptors, FileIO (restrict_file.c) =================================== */

/* How many files a guest may have open, unless the host says otherwise. */
#define _PyRestrict_OPEN_FILES 256

/* Where errno still has to say what went wrong. */
static inline void
_PyRestrict_CloseKeepErrno(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

/* The set of descriptors that the running guest opened itself.  Own: 0, or -1
   with an exception, and then the descriptor is closed. */
extern int _PyRestrict_OwnDescriptor(int fd);
extern void _PyRestrict_DisownDescriptor(int fd);
/* 0 if it is the guest's own, else -1 with a recorded refusal. */
extern int _PyRestrict_CheckDescriptor(int fd);
/* The same, and it is no socket. */
extern int _PyRestrict_CheckFile(int fd);
/* Before opening: -1 with OSError if the guest has too many files open. */
extern int _PyRestrict_CheckOpenFiles(void);
/* Before writing, or growing a file by, `size` bytes: 0, or -1 and the guest
   stops. */
extern int _PyRestrict_ChargeFile(int fd, Py_ssize_t size);
/* Before cutting or growing a file to `size`: the growth is charged. */
extern int _PyRestrict_ChargeTruncate(int fd, long long size);
extern void _PyRestrict_CloseDescriptors(struct _restrict_files *files);

/* Which rights do these flags of open() take? */
extern int _PyRestrict_ModeOfFlags(int flags);

/* Open for the guest: a descriptor of its own, or -1 with an exception. */
extern int _PyRestrict_OpenGuestFile(PyObject *name, const char *path,
                                     int flags, mode_t permissions);

/* For FileIO.__init__(): open `path`, which `name` was converted to. */
extern int _PyRestrict_OpenFile(PyObject *name, const char *path, int flags);

/* Refuse a path: what is asked for is `mode` on it.  `name` is the guest's own
   object, for the exception.  Always -1. */
// Exported for the '_ssl' shared extension.
PyAPI_FUNC(int) _PyRestrict_DenyPath(PyObject *name, const char *path,
                                     int mode);

/* The guest's current directory, as far as it may know it. */
extern const char *_PyRestrict_ShownDirectory(void);

/* Refuse what C code wants to open on its own account. */
extern int _PyRestrict_DenyOpen(const char *path);

/* === os (restrict_os*.c) =================================================== */

/* Our own functions in place of posix's. */
extern PyMethodDef _PyRestrict_OsProcessFunctions[];
extern PyMethodDef _PyRestrict_OsStatFunctions[];
extern PyMethodDef _PyRestrict_OsFolderFunctions[];
extern PyMethodDef _PyRestrict_OsNameFunctions[];
extern PyMethodDef _PyRestrict_OsDescriptorFunctions[];
/* Finish the guest's posix module. */
extern int _PyRestrict_InitOs(PyObject *module);
extern PyTypeObject _PyRestrict_DirEntry_Type;
extern PyTypeObject _PyRestrict_ScandirIterator_Type;
#define _PyRestrict_OS_TYPES                                                  \
    &_PyRestrict_DirEntry_Type, &_PyRestrict_ScandirIterator_Type,

/* --- One-line hooks ------------------------------------------------------ */

/* FileIO: this descriptor must be the guest's own. */
#define _PyRestrict_FILE_USE(fd, on_refusal)                                  \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && _PyRestrict_CheckDescriptor(fd) < 0)    \
        {                                                                     \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)

/* The same before something is read from it as from a file. */
#define _PyRestrict_FILE_READ(fd, on_refusal)                                 \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && _PyRestrict_CheckFile(fd) < 0) {        \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)

/* The same for all that poll() is about to look at. */
#define _PyRestrict_FILES_USE(entries, n, on_refusal)                         \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            for (size_t i_ = 0; i_ < (size_t)(n); i_++) {                     \
                if (_PyRestrict_CheckDescriptor((entries)[i_].fd) < 0)        \
                {                                                             \
                    on_refusal;                                               \
                }                                                             \
            }                                                                 \
        }                                                                     \
    } while (0)

#define _PyRestrict_FILE_WRITE(fd, size, on_refusal)                          \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()                                            \
            && (_PyRestrict_CheckFile(fd) < 0                                 \
                || _PyRestrict_ChargeFile(fd, size) < 0))                     \
        {                                                                     \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)

#define _PyRestrict_FILE_TRUNCATE(fd, size, on_refusal)                       \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()                                            \
            && (_PyRestrict_CheckDescriptor(fd) < 0                           \
                || _PyRestrict_ChargeTruncate(fd, size) < 0))                 \
        {                                                                     \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)

/* It is closed next: the number is the guest's no longer. */
#define _PyRestrict_FILE_CLOSE(fd, on_refusal)                                \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            if (_PyRestrict_CheckDescriptor(fd) < 0) {                        \
                on_refusal;                                                   \
            }                                                                 \
            _PyRestrict_DisownDescriptor(fd);                                 \
        }                                                                     \
    } while (0)

/* Goes before `if (opener == Py_None) open() ... else call the opener`: a
   guest's path is opened by us instead. */
#define _PyRestrict_FILE_OPEN(fd, opener, name, path, flags, on_error)        \
    if (opener == Py_None && _PyRestrict_IS_GUEST()) {                        \
        fd = _PyRestrict_OpenFile(name, path, flags);                         \
        if (fd < 0) {                                                         \
            on_error;                                                         \
        }                                                                     \
    }                                                                         \
    else

/* C code that opens a file by name does not do so for a guest. */
#define _PyRestrict_NO_OPEN(path, raises, error_return)                       \
    do {                                                                      \
        if (_PyRestrict_IN_USE() && _PyThreadState_GET() != NULL              \
            && _PyRestrict_GetState() != NULL)                                \
        {                                                                     \
            errno = EACCES;                                                   \
            if (raises) {                                                     \
                _PyRestrict_DenyOpen(path);                                   \
            }                                                                 \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Nor does it look for source lines to show. */
#define _PyRestrict_NO_SOURCE_LINE(result)                                    \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            return result;                                                    \
        }                                                                     \
    } while (0)

#define _PyRestrict_NO_TTY(tty) ((tty) && !_PyRestrict_IS_GUEST())

#else /* !WITH_RESTRICTED */

#define _PyRestrict_OS_TYPES
#define _PyRestrict_FILE_USE(fd, on_refusal)
#define _PyRestrict_FILE_READ(fd, on_refusal)
#define _PyRestrict_FILES_USE(entries, n, on_refusal)
#define _PyRestrict_FILE_WRITE(fd, size, on_refusal)
#define _PyRestrict_FILE_TRUNCATE(fd, size, on_refusal)
#define _PyRestrict_FILE_CLOSE(fd, on_refusal)
#define _PyRestrict_FILE_OPEN(fd, opener, name, path, flags, on_error)
#define _PyRestrict_NO_OPEN(path, raises, error_return)
#define _PyRestrict_NO_SOURCE_LINE(result)
#define _PyRestrict_NO_TTY(tty) (tty)

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_FILES_H */
