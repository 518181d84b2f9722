/* A path that a guest gives to a function of os: what it names, and how to
   fail.

   It becomes a descriptor that restrict_beneath.c opened beneath a grant, or a
   folder and a name in it where a name is made, changed or taken away.  What
   no grant covers comes back as EXDEV, from before any system call, and one
   function here makes the refusal of it. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_os.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- Failing ------------------------------------------------------------ */

/* The exception for errno, after `path` could not be opened or used. */
PyObject *
_PyRestrict_OsError(const path_arg *path, int mode)
{
    if (path->name == NULL) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    if (errno == EXDEV) {
        _PyRestrict_DenyPath(path->name, path_text(path), mode);
        return NULL;
    }
    return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path->name);
}

PyObject *
_PyRestrict_OsDeny(const path_arg *path, int mode)
{
    errno = EXDEV;
    return _PyRestrict_OsError(path, mode);
}

/* --- Reaching the file system ------------------------------------------- */

/* A descriptor of what the path names, O_PATH, or -1 with errno. */
int
_PyRestrict_Reach(const path_arg *path, int mode, int flags)
{
    _PyRestrict_Path normal;
    struct _restrict_files *files = get_files();
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) < 0) {
        return -1;
    }
    return _PyRestrict_OpenAt(files, &normal, mode, O_PATH | flags, 0);
}

/* Whatever the grants allow: to look at a thing takes any of them. */
int
_PyRestrict_ReachAny(const path_arg *path, int follow)
{
    int flags = follow ? 0 : O_NOFOLLOW;
    return _PyRestrict_Reach(path, 0, flags);
}

/* 0, or -1 with an exception. */
int
_PyRestrict_FindPlace(const path_arg *path, int mode, place *at)
{
    struct _restrict_files *files = get_files();
    at->dirfd = -1;
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &at->path) == 0) {
        at->dirfd = _PyRestrict_OpenParent(files, &at->path, mode, &at->name,
                                           &at->mode);
    }
    if (at->dirfd < 0) {
        _PyRestrict_OsError(path, mode);
        return -1;
    }
    return 0;
}

/* Close, and turn the result of the system call into one of a function. */
PyObject *
_PyRestrict_PlaceResult(place *at, int err, const path_arg *path)
{
    _PyRestrict_CloseKeepErrno(at->dirfd);
    if (err < 0) {
        // Not a refusal: the kernel's own word on a name beneath a grant.
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path->name);
    }
    Py_RETURN_NONE;
}

PyObject *
_PyRestrict_OsName(const char *name, int as_bytes)
{
    return as_bytes ? PyBytes_FromString(name)
                    : PyUnicode_DecodeFSDefault(name);
}

#endif /* WITH_RESTRICTED */
