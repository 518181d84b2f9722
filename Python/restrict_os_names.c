/* Making, changing and taking away names: os.mkdir(), os.remove(),
   os.rename(), os.symlink(), os.readlink().

   No name that a grant hangs on goes away or moves.  A symbolic link made
   here can only lead downwards, so that no renaming can make it lead out, for
   the guest or for a program of the host's. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_os.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- Changing names ----------------------------------------------------- */

static PyObject *
os_mkdir(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "mode", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    int mode = 0777;
    place at;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|i$O&:mkdir", keywords,
                                     path_converter, &path, &mode, no_dir_fd,
                                     NULL))
    {
        return NULL;
    }
    PyObject *result = NULL;
    _PyRestrict_Path normal;
    struct _restrict_files *files = get_files();
    if (_PyRestrict_Normalize(files->cwd, path_text(&path), &normal) == 0
        && _PyRestrict_IsKnownFolder(files, normal.text))
    {
        errno = EEXIST;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path.name);
    }
    else if (_PyRestrict_FindPlace(&path, _PyRestrict_WRITE, &at) == 0) {
        result = _PyRestrict_PlaceResult(
            &at, mkdirat(at.dirfd, at.name, mode & PERMISSIONS), &path);
    }
    path_clear(&path);
    return result;
}

/* Would taking this name away, or renaming it, move a granted folder, or one
   that a grant is in?  By its text and by what it is. */
static int
holds_grant(const place *at)
{
    const struct _restrict_files *files = get_files();
    struct stat st;
    if (_PyRestrict_IsOnTheWay(files, at->path.text)) {
        return 1;
    }
    if (fstatat(at->dirfd, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        return 0;
    }
    for (int i = 0; i < files->n_grants; i++) {
        if (files->grants[i].dev == st.st_dev
            && files->grants[i].ino == st.st_ino && files->grants[i].is_dir)
        {
            return 1;
        }
    }
    return 0;
}

static PyObject *
remove_name(const path_arg *path, int flags)
{
    place at;
    if (_PyRestrict_FindPlace(path, _PyRestrict_WRITE, &at) < 0) {
        return NULL;
    }
    if (holds_grant(&at)) {
        close(at.dirfd);
        return _PyRestrict_OsDeny(path, _PyRestrict_WRITE);
    }
    if (at.path.is_dir && flags == 0) {
        errno = ENOTDIR;
        return _PyRestrict_PlaceResult(&at, -1, path);
    }
    return _PyRestrict_PlaceResult(&at, unlinkat(at.dirfd, at.name, flags),
                                   path);
}

static PyObject *
remove_with(PyObject *args, PyObject *kwargs, const char *format, int flags)
{
    static char *keywords[] = {"path", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                     path_converter, &path, no_dir_fd, NULL))
    {
        return NULL;
    }
    PyObject *result = remove_name(&path, flags);
    path_clear(&path);
    return result;
}

static PyObject *
os_remove(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return remove_with(args, kwargs, "O&|$O&:remove", 0);
}

static PyObject *
os_unlink(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return remove_with(args, kwargs, "O&|$O&:unlink", 0);
}

static PyObject *
os_rmdir(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return remove_with(args, kwargs, "O&|$O&:rmdir", AT_REMOVEDIR);
}

/* Moving must not make readable what was only writable.  The text of a path
   may lie, by links: what counts is the grant that led to the folder.  Where a
   folder that may be read is inside one that may not, nothing of the latter
   moves at all. */
static int
move_keeps_secrets(const place *from, const place *to)
{
    const struct _restrict_files *files = get_files();
    if (from->mode & _PyRestrict_READ) {
        return 1;
    }
    return !((to->mode | _PyRestrict_ModeOf(files, to->path.text))
             & _PyRestrict_READ)
           && !_PyRestrict_IsReadableWithin(files);
}

static PyObject *
rename_path(const path_arg *from, const path_arg *to)
{
    place source, target;
    if (_PyRestrict_FindPlace(from, _PyRestrict_WRITE, &source) < 0) {
        return NULL;
    }
    if (_PyRestrict_FindPlace(to, _PyRestrict_WRITE, &target) < 0) {
        close(source.dirfd);
        return NULL;
    }
    PyObject *result = NULL;
    if (holds_grant(&source)) {
        _PyRestrict_OsDeny(from, _PyRestrict_WRITE);
    }
    else if (holds_grant(&target)) {
        _PyRestrict_OsDeny(to, _PyRestrict_WRITE);
    }
    else if (!move_keeps_secrets(&source, &target)) {
        _PyRestrict_OsDeny(from, _PyRestrict_READ | _PyRestrict_WRITE);
    }
    else if (renameat(source.dirfd, source.name, target.dirfd, target.name)
             < 0)
    {
        PyErr_SetFromErrnoWithFilenameObjects(PyExc_OSError, from->name,
                                              to->name);
    }
    else {
        result = Py_NewRef(Py_None);
    }
    close(source.dirfd);
    close(target.dirfd);
    return result;
}

static PyObject *
rename_with(PyObject *args, PyObject *kwargs, const char *format)
{
    static char *keywords[] = {"src", "dst", "src_dir_fd", "dst_dir_fd", NULL};
    path_arg from = PATH_ARG, to = PATH_ARG;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                     path_converter, &from, path_converter,
                                     &to, no_dir_fd, NULL, no_dir_fd, NULL))
    {
        return NULL;
    }
    PyObject *result = rename_path(&from, &to);
    path_clear(&from);
    path_clear(&to);
    return result;
}

static PyObject *
os_rename(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return rename_with(args, kwargs, "O&O&|$O&O&:rename");
}

static PyObject *
os_replace(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return rename_with(args, kwargs, "O&O&|$O&O&:replace");
}

/* --- Symbolic links ----------------------------------------------------- */

/* Relative, and never up. */
static int
leads_down(const char *target)
{
    if (*target == '/' || *target == '\0') {
        return 0;
    }
    while (*target != '\0') {
        size_t n = strcspn(target, "/");
        if (n == 2 && target[0] == '.' && target[1] == '.') {
            return 0;
        }
        target += n;
        target += strspn(target, "/");
    }
    return 1;
}

static PyObject *
os_symlink(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"src", "dst", "target_is_directory", "dir_fd",
                               NULL};
    path_arg target = PATH_ARG, path = PATH_ARG;
    int is_directory = 0;
    place at;
    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "O&O&|p$O&:symlink", keywords, path_converter,
            &target, path_converter, &path, &is_directory, no_dir_fd, NULL))
    {
        return NULL;
    }
    PyObject *result = NULL;
    if (!leads_down(path_text(&target))) {
        _PyRestrict_OsDeny(&target, 0);  // whatever is granted
    }
    else if (_PyRestrict_FindPlace(&path, _PyRestrict_WRITE, &at) == 0) {
        result = _PyRestrict_PlaceResult(
            &at, symlinkat(path_text(&target), at.dirfd, at.name), &path);
    }
    path_clear(&target);
    path_clear(&path);
    return result;
}

/* The text of a link that leads out would tell of what is outside; a link
   that leads to a place beneath the grants does not. */
static PyObject *
read_link(const path_arg *path)
{
    char target[PATH_MAX];
    struct stat st;
    int fd = _PyRestrict_ReachAny(path, 0);
    if (fd < 0) {
        if (errno == EXDEV && _PyRestrict_StatPath(path, 0, &st) < 0) {
            return NULL;
        }
        errno = errno == EXDEV ? EINVAL : errno;
        return _PyRestrict_OsError(path, _PyRestrict_READ);
    }
    ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
    int err = n < 0 ? errno == ENOENT ? EINVAL : errno : 0;
    close(fd);
    if (err) {
        errno = err;
        return _PyRestrict_OsError(path, _PyRestrict_READ);
    }
    target[n] = '\0';
    if (!leads_down(target)) {
        fd = _PyRestrict_ReachAny(path, 1);
        if (fd < 0 && errno == EXDEV) {
            return _PyRestrict_OsDeny(path, _PyRestrict_READ);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return _PyRestrict_OsName(target, PyBytes_Check(path->name));
}

static PyObject *
os_readlink(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$O&:readlink", keywords,
                                     path_converter, &path, no_dir_fd, NULL))
    {
        return NULL;
    }
    PyObject *result = read_link(&path);
    path_clear(&path);
    return result;
}

/* --- The table ---------------------------------------------------------- */

#define WITH_KEYWORDS(name)                                                   \
    {#name, _PyCFunction_CAST(os_##name), METH_VARARGS | METH_KEYWORDS, NULL}

PyMethodDef _PyRestrict_OsNameFunctions[] = {
    WITH_KEYWORDS(mkdir),   WITH_KEYWORDS(readlink), WITH_KEYWORDS(remove),
    WITH_KEYWORDS(rename),  WITH_KEYWORDS(replace),  WITH_KEYWORDS(rmdir),
    WITH_KEYWORDS(symlink), WITH_KEYWORDS(unlink),   {NULL, NULL},
};

#endif /* WITH_RESTRICTED */
