/* What guests have under `os`: the file system beneath the grants.

   The functions here stand in the guest's posix module in place of upstream's
   (rows `guard` of posix.tbl), with the same names, arguments and results.
   Each works on a name in a folder, or on a descriptor, that restrict_path.c
   opened beneath a grant; without a grant that covers it, a path is refused
   before any system call.  What the guest cannot have is refused in the same
   way: folders by descriptor, hard links, ownership, special files.

   Folders on the way to a grant answer stat() with nothing but that they are
   folders: their names are part of what the guest was granted.  The current
   directory is a name of the guest's own; that of the process stays as it is.

   A symbolic link made here can only lead downwards, so that no renaming can
   make it lead out, for the guest or for a program of the host's. */

#include "Python.h"
#include "pycore_fileutils.h"     // _Py_read()
#include "pycore_import.h"        // _PyImport_GetModuleAttrString()
#include "pycore_restrict.h"
#include "pycore_time.h"          // _PyTime_ObjectToTimespec()
#include "structmember.h"         // PyMemberDef

#ifdef WITH_RESTRICTED

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef AT_EMPTY_PATH
#  define AT_EMPTY_PATH 0x1000
#endif

#define PERMISSIONS 0777          // no set-user-id from a guest

/* --- Arguments ---------------------------------------------------------------- */

/* A path as the guest gave it.  __fspath__ is called once. */
typedef struct {
    PyObject *name;               // str or bytes, for exceptions; owned
    PyObject *bytes;              // owned
    int fd;                       // if may_be_fd and it is an int, else -1
    int may_be_fd;
} path_arg;

#define PATH_ARG {NULL, NULL, -1, 0}
#define PATH_OR_FD_ARG {NULL, NULL, -1, 1}

static void
path_clear(path_arg *path)
{
    Py_CLEAR(path->name);
    Py_CLEAR(path->bytes);
}

/* For "O&". */
static int
path_converter(PyObject *object, void *arg)
{
    path_arg *path = arg;
    if (object == NULL) {         // a later argument failed
        path_clear(path);
        return 1;
    }
    if (path->may_be_fd && PyIndex_Check(object)) {
        path->fd = PyObject_AsFileDescriptor(object);
        return path->fd >= 0;     // it is the guest's own
    }
    path->name = PyOS_FSPath(object);
    if (path->name == NULL || !PyUnicode_FSConverter(path->name, &path->bytes))
    {
        path_clear(path);
        return 0;
    }
    return Py_CLEANUP_SUPPORTED;
}

static const char *
path_text(const path_arg *path)
{
    return PyBytes_AS_STRING(path->bytes);
}

/* A folder by descriptor would be a way around the grants.  For "O&". */
static int
no_dir_fd(PyObject *object, void *Py_UNUSED(arg))
{
    if (object != NULL && object != Py_None) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "dir_fd unavailable in a restricted interpreter");
        return 0;
    }
    return 1;
}

static struct _restrict_files *
get_files(void)
{
    return &_PyRestrict_GetState()->files;
}

/* --- Failing -------------------------------------------------------------------- */

/* The exception for errno, after `path` could not be opened or used. */
static PyObject *
path_error(const path_arg *path, int mode)
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

static PyObject *
path_deny(const path_arg *path, int mode)
{
    errno = EXDEV;
    return path_error(path, mode);
}

/* --- Reaching the file system ----------------------------------------------------- */

/* A descriptor of what the path names, O_PATH, or -1 with errno. */
static int
reach(const path_arg *path, int mode, int flags)
{
    _PyRestrict_Path normal;
    struct _restrict_files *files = get_files();
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) < 0) {
        return -1;
    }
    return _PyRestrict_OpenAt(files, &normal, mode, O_PATH | flags, 0);
}

/* Whatever the grants allow: to look at a thing takes any of them. */
static int
reach_any(const path_arg *path, int follow)
{
    int flags = follow ? 0 : O_NOFOLLOW;
    return reach(path, 0, flags);
}

/* A name in a folder that we hold. */
typedef struct {
    int dirfd;
    const char *name;             // points into the path
    _PyRestrict_Path path;
} place;

/* 0, or -1 with an exception. */
static int
find_place(const path_arg *path, int mode, place *at)
{
    struct _restrict_files *files = get_files();
    at->dirfd = -1;
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &at->path) == 0) {
        at->dirfd = _PyRestrict_OpenParent(files, &at->path, mode, &at->name);
    }
    if (at->dirfd < 0) {
        path_error(path, mode);
        return -1;
    }
    return 0;
}

/* Close, and turn the result of the system call into one of a function. */
static PyObject *
place_result(place *at, int err, const path_arg *path)
{
    int saved = errno;
    close(at->dirfd);
    errno = saved;
    if (err < 0) {
        // Not a refusal: the kernel's own word on a name beneath a grant.
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError,
                                                    path->name);
    }
    Py_RETURN_NONE;
}

/* A name for what is held O_PATH, for calls that take no descriptor. */
static void
proc_name(int fd, char name[40])
{
    PyOS_snprintf(name, 40, "/proc/self/fd/%d", fd);
}

static PyObject *
fd_result(int fd, int err, const path_arg *path)
{
    int saved = errno;
    close(fd);
    errno = saved;
    return err < 0 ? path_error(path, _PyRestrict_WRITE) : Py_NewRef(Py_None);
}

/* --- stat --------------------------------------------------------------------------- */

static int
set_times(PyObject *tuple, int i, const struct timespec *ts)
{
    double seconds = (double)ts->tv_sec + 1e-9 * (double)ts->tv_nsec;
    PyObject *whole = PyLong_FromLongLong(ts->tv_sec);
    PyObject *real = PyFloat_FromDouble(seconds);
    PyObject *ns = PyLong_FromLongLong(ts->tv_sec * 1000000000LL
                                       + ts->tv_nsec);
    PyTuple_SET_ITEM(tuple, 7 + i, whole);
    PyTuple_SET_ITEM(tuple, 10 + i, real);
    PyTuple_SET_ITEM(tuple, 13 + i, ns);
    return whole != NULL && real != NULL && ns != NULL ? 0 : -1;
}

static PyObject *
stat_tuple(const struct stat *st)
{
    PyObject *tuple = PyTuple_New(19);
    if (tuple == NULL) {
        return NULL;
    }
    const long long numbers[] = {
        (long long)st->st_mode, (long long)st->st_ino, (long long)st->st_dev,
        (long long)st->st_nlink, st->st_uid, st->st_gid, st->st_size};
    const long long more[] = {
        st->st_blksize, st->st_blocks, (long long)st->st_rdev};
    for (int i = 0; i < 7; i++) {
        PyTuple_SET_ITEM(tuple, i, PyLong_FromLongLong(numbers[i]));
    }
    for (int i = 0; i < 3; i++) {
        PyTuple_SET_ITEM(tuple, 16 + i, PyLong_FromLongLong(more[i]));
    }
    if (set_times(tuple, 0, &st->st_atim) < 0
        || set_times(tuple, 1, &st->st_mtim) < 0
        || set_times(tuple, 2, &st->st_ctim) < 0
        || PyErr_Occurred())
    {
        Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *
stat_result(const struct stat *st)
{
    PyObject *type = _PyImport_GetModuleAttrString("posix", "stat_result");
    PyObject *tuple = type != NULL ? stat_tuple(st) : NULL;
    PyObject *result = tuple != NULL ? PyObject_CallOneArg(type, tuple)
                                     : NULL;
    Py_XDECREF(type);
    Py_XDECREF(tuple);
    return result;
}

/* 0, or -1 with an exception. */
static int
stat_path(const path_arg *path, int follow, struct stat *st)
{
    int fd = reach_any(path, follow);
    if (fd >= 0) {
        int err = fstat(fd, st);
        int saved = errno;
        close(fd);
        errno = saved;
        if (err == 0) {
            return 0;
        }
    }
    else if (errno == EXDEV) {
        _PyRestrict_Path normal;
        struct _restrict_files *files = get_files();
        if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) == 0
            && _PyRestrict_IsOnTheWay(files, normal.text))
        {
            *st = (struct stat){.st_mode = S_IFDIR | 0555, .st_nlink = 1};
            return 0;
        }
        errno = EXDEV;
    }
    path_error(path, _PyRestrict_READ);
    return -1;
}

static PyObject *
os_stat(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "dir_fd", "follow_symlinks", NULL};
    path_arg path = PATH_OR_FD_ARG;
    int follow = 1;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$O&p:stat", keywords,
                                     path_converter, &path, no_dir_fd, NULL,
                                     &follow))
    {
        return NULL;
    }
    int err;
    if (path.fd >= 0) {
        err = fstat(path.fd, &st);
        if (err < 0) {
            PyErr_SetFromErrno(PyExc_OSError);
        }
    }
    else {
        err = stat_path(&path, follow, &st);
    }
    path_clear(&path);
    return err < 0 ? NULL : stat_result(&st);
}

static PyObject *
os_lstat(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$O&:lstat", keywords,
                                     path_converter, &path, no_dir_fd, NULL))
    {
        return NULL;
    }
    int err = stat_path(&path, 0, &st);
    path_clear(&path);
    return err < 0 ? NULL : stat_result(&st);
}

/* What the grants allow bounds what the kernel would. */
static int
access_granted(const path_arg *path, int wanted)
{
    _PyRestrict_Path normal;
    struct _restrict_files *files = get_files();
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) < 0) {
        return 0;
    }
    int mode = _PyRestrict_ModeOf(files, normal.text);
    return (!(wanted & R_OK) || (mode & _PyRestrict_READ))
           && (!(wanted & W_OK) || (mode & _PyRestrict_WRITE));
}

static PyObject *
os_access(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "mode", "dir_fd", "effective_ids",
                               "follow_symlinks", NULL};
    path_arg path = PATH_ARG;
    int mode, effective = 0, follow = 1;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&i|$O&pp:access",
                                     keywords, path_converter, &path, &mode,
                                     no_dir_fd, NULL, &effective, &follow))
    {
        return NULL;
    }
    int allowed = 0;
    int fd = reach_any(&path, follow);
    if (fd >= 0) {
        char name[40];
        proc_name(fd, name);
        allowed = access_granted(&path, mode)
                  && (mode == F_OK || access(name, mode) == 0);
        close(fd);
    }
    else if (errno == EXDEV) {    // on the way to a grant, or refused
        allowed = stat_path(&path, follow, &st) == 0 && !(mode & W_OK);
        if (PyErr_ExceptionMatches(PyExc_OSError)) {
            PyErr_Clear();
        }
    }
    path_clear(&path);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(allowed);
}

/* --- Folders ---------------------------------------------------------------------------- */

/* One entry of a folder; the path is absolute, whatever the guest's current
   directory is later. */
typedef struct {
    PyObject_HEAD
    PyObject *name;               // str or bytes, as scandir() was asked
    PyObject *path;               // of the folder as it was given, joined
    PyObject *absolute;           // bytes
    PyObject *stat[2];            // kept: of the link, of what it leads to
    unsigned char d_type;
    ino_t inode;
} entry_object;

typedef struct {
    PyObject_HEAD
    PyObject *entries;            // list; NULL: closed
    Py_ssize_t next;
} iterator_object;

/* Open a folder for reading, or give an exception. */
static DIR *
open_folder(const path_arg *path)
{
    int mode = _PyRestrict_READ;
    int flags = O_RDONLY | O_DIRECTORY;
    _PyRestrict_Path normal;
    struct _restrict_files *files = get_files();
    int fd = -1;
    if (path->fd >= 0) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "descriptors of folders are unavailable in a "
                        "restricted interpreter");
        return NULL;
    }
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) == 0) {
        fd = _PyRestrict_OpenAt(files, &normal, mode, flags, 0);
    }
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        int saved = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = saved;
        path_error(path, mode | _PyRestrict_FOLDER);
    }
    return dir;
}

static PyObject *
name_object(const char *name, int as_bytes)
{
    return as_bytes ? PyBytes_FromString(name)
                    : PyUnicode_DecodeFSDefault(name);
}

/* Call `add` for each entry but "." and "..". */
static int
read_folder(const path_arg *path, PyObject *list,
            PyObject *(*make)(const path_arg *, const struct dirent *))
{
    DIR *dir = open_folder(path);
    if (dir == NULL) {
        return -1;
    }
    const struct dirent *entry;
    int err = 0;
    while (!err && (errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0
            || strcmp(entry->d_name, "..") == 0)
        {
            continue;
        }
        PyObject *item = make(path, entry);
        err = item == NULL || PyList_Append(list, item) < 0;
        Py_XDECREF(item);
    }
    if (!err && errno != 0) {
        path_error(path, _PyRestrict_READ);
        err = 1;
    }
    closedir(dir);
    return err ? -1 : 0;
}

/* os.listdir() and os.scandir() take no path for the current directory. */
static int
folder_arg(PyObject *args, PyObject *kwargs, const char *format,
           path_arg *path)
{
    static char *keywords[] = {"path", NULL};
    PyObject *object = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                     &object))
    {
        return -1;
    }
    if (object != NULL && object != Py_None) {
        return path_converter(object, path) ? 0 : -1;
    }
    PyObject *dot = PyUnicode_FromString(".");
    int ok = dot != NULL && path_converter(dot, path);
    Py_XDECREF(dot);
    return ok ? 0 : -1;
}

static PyObject *
make_name(const path_arg *path, const struct dirent *entry)
{
    return name_object(entry->d_name, PyBytes_Check(path->name));
}

static PyObject *
os_listdir(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    path_arg path = PATH_OR_FD_ARG;
    if (folder_arg(args, kwargs, "|O:listdir", &path) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(0);
    if (list != NULL && read_folder(&path, list, make_name) < 0) {
        Py_CLEAR(list);
    }
    path_clear(&path);
    return list;
}

/* --- scandir() ---------------------------------------------------------------------------- */

static PyObject *
join(const path_arg *path, const char *name)
{
    Py_ssize_t n = PyBytes_GET_SIZE(path->bytes);
    const char *slash = n > 0 && path_text(path)[n - 1] == '/' ? "" : "/";
    PyObject *joined = PyBytes_FromFormat("%s%s%s", path_text(path), slash,
                                          name);
    if (joined != NULL && !PyBytes_Check(path->name)) {
        Py_SETREF(joined, PyUnicode_DecodeFSDefaultAndSize(
            PyBytes_AS_STRING(joined), PyBytes_GET_SIZE(joined)));
    }
    return joined;
}

static PyObject *
join_absolute(const path_arg *path, const char *name)
{
    _PyRestrict_Path normal;
    if (_PyRestrict_Normalize(get_files()->cwd, path_text(path),
                              &normal) < 0)
    {
        return path_error(path, _PyRestrict_READ);
    }
    return PyBytes_FromFormat("%s/%s", normal.text, name);
}

static PyObject *
make_entry(const path_arg *path, const struct dirent *dirent)
{
    entry_object *entry = PyObject_New(entry_object,
                                       &_PyRestrict_DirEntry_Type);
    if (entry == NULL) {
        return NULL;
    }
    entry->name = make_name(path, dirent);
    entry->path = join(path, dirent->d_name);
    entry->absolute = join_absolute(path, dirent->d_name);
    entry->stat[0] = entry->stat[1] = NULL;
    entry->d_type = dirent->d_type;
    entry->inode = dirent->d_ino;
    if (entry->name == NULL || entry->path == NULL
        || entry->absolute == NULL)
    {
        Py_CLEAR(entry);
    }
    return (PyObject *)entry;
}

static void
entry_dealloc(PyObject *self)
{
    entry_object *entry = (entry_object *)self;
    Py_XDECREF(entry->name);
    Py_XDECREF(entry->path);
    Py_XDECREF(entry->absolute);
    Py_XDECREF(entry->stat[0]);
    Py_XDECREF(entry->stat[1]);
    PyObject_Free(self);
}

static int
entry_stat_struct(entry_object *entry, int follow, struct stat *st)
{
    path_arg path = {entry->path, entry->absolute, -1, 0};
    return stat_path(&path, follow, st);
}

/* "follow_symlinks", which is all that its methods take. */
static int
entry_args(PyObject *args, PyObject *kwargs, const char *format, int *follow)
{
    static char *keywords[] = {"follow_symlinks", NULL};
    *follow = 1;
    return PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                       follow) ? 0 : -1;
}

static PyObject *
entry_stat(PyObject *self, PyObject *args, PyObject *kwargs)
{
    entry_object *entry = (entry_object *)self;
    int follow;
    struct stat st;
    if (entry_args(args, kwargs, "|$p:stat", &follow) < 0) {
        return NULL;
    }
    if (entry->stat[follow] == NULL) {
        if (entry_stat_struct(entry, follow, &st) < 0) {
            return NULL;
        }
        PyObject *result = stat_result(&st);
        if (result == NULL) {
            return NULL;
        }
        Py_XSETREF(entry->stat[follow], result);
    }
    return Py_NewRef(entry->stat[follow]);
}

/* Is the entry of this type?  What is gone, or leads out, is of none. */
static PyObject *
entry_is(entry_object *entry, int follow, unsigned char d_type, mode_t format)
{
    struct stat st;
    int need_stat = entry->d_type == DT_UNKNOWN
                    || (follow && entry->d_type == DT_LNK);
    if (!need_stat) {
        return PyBool_FromLong(entry->d_type == d_type);
    }
    if (entry_stat_struct(entry, follow, &st) < 0) {
        if (!PyErr_ExceptionMatches(PyExc_FileNotFoundError)) {
            return NULL;
        }
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    return PyBool_FromLong((st.st_mode & S_IFMT) == format);
}

static PyObject *
entry_is_dir(PyObject *self, PyObject *args, PyObject *kwargs)
{
    int follow;
    if (entry_args(args, kwargs, "|$p:is_dir", &follow) < 0) {
        return NULL;
    }
    return entry_is((entry_object *)self, follow, DT_DIR, S_IFDIR);
}

static PyObject *
entry_is_file(PyObject *self, PyObject *args, PyObject *kwargs)
{
    int follow;
    if (entry_args(args, kwargs, "|$p:is_file", &follow) < 0) {
        return NULL;
    }
    return entry_is((entry_object *)self, follow, DT_REG, S_IFREG);
}

static PyObject *
entry_is_symlink(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return entry_is((entry_object *)self, 0, DT_LNK, S_IFLNK);
}

static PyObject *
entry_is_junction(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    Py_RETURN_FALSE;
}

static PyObject *
entry_inode(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromUnsignedLongLong(((entry_object *)self)->inode);
}

static PyObject *
entry_fspath(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(((entry_object *)self)->path);
}

static PyObject *
entry_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<DirEntry %R>",
                                ((entry_object *)self)->name);
}

static PyMethodDef entry_methods[] = {
    {"is_dir", _PyCFunction_CAST(entry_is_dir),
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"is_file", _PyCFunction_CAST(entry_is_file),
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"is_symlink", entry_is_symlink, METH_NOARGS, NULL},
    {"is_junction", entry_is_junction, METH_NOARGS, NULL},
    {"stat", _PyCFunction_CAST(entry_stat), METH_VARARGS | METH_KEYWORDS,
     NULL},
    {"inode", entry_inode, METH_NOARGS, NULL},
    {"__fspath__", entry_fspath, METH_NOARGS, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL}
};

static PyMemberDef entry_members[] = {
    {"name", Py_T_OBJECT_EX, offsetof(entry_object, name), Py_READONLY},
    {"path", Py_T_OBJECT_EX, offsetof(entry_object, path), Py_READONLY},
    {NULL}
};

PyTypeObject _PyRestrict_DirEntry_Type = {
    PyVarObject_HEAD_INIT(&PyType_Type, 0)
    .tp_name = "posix.DirEntry",
    .tp_basicsize = sizeof(entry_object),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = entry_dealloc,
    .tp_repr = entry_repr,
    .tp_methods = entry_methods,
    .tp_members = entry_members,
};

/* The folder is read at once: no descriptor stays open that a guest could
   keep or lose. */
static PyObject *
os_scandir(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    path_arg path = PATH_OR_FD_ARG;
    if (folder_arg(args, kwargs, "|O:scandir", &path) < 0) {
        return NULL;
    }
    iterator_object *iterator = PyObject_New(
        iterator_object, &_PyRestrict_ScandirIterator_Type);
    if (iterator != NULL) {
        iterator->next = 0;
        iterator->entries = PyList_New(0);
        if (iterator->entries == NULL
            || read_folder(&path, iterator->entries, make_entry) < 0)
        {
            Py_CLEAR(iterator);
        }
    }
    path_clear(&path);
    return (PyObject *)iterator;
}

static void
iterator_dealloc(PyObject *self)
{
    Py_XDECREF(((iterator_object *)self)->entries);
    PyObject_Free(self);
}

static PyObject *
iterator_next(PyObject *self)
{
    iterator_object *iterator = (iterator_object *)self;
    if (iterator->entries == NULL
        || iterator->next >= PyList_GET_SIZE(iterator->entries))
    {
        Py_CLEAR(iterator->entries);
        return NULL;
    }
    return Py_NewRef(PyList_GET_ITEM(iterator->entries, iterator->next++));
}

static PyObject *
iterator_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Py_CLEAR(((iterator_object *)self)->entries);
    Py_RETURN_NONE;
}

static PyObject *
iterator_enter(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}

static PyMethodDef iterator_methods[] = {
    {"__enter__", iterator_enter, METH_NOARGS, NULL},
    {"__exit__", iterator_close, METH_VARARGS, NULL},
    {"close", iterator_close, METH_NOARGS, NULL},
    {NULL, NULL}
};

PyTypeObject _PyRestrict_ScandirIterator_Type = {
    PyVarObject_HEAD_INIT(&PyType_Type, 0)
    .tp_name = "posix.ScandirIterator",
    .tp_basicsize = sizeof(iterator_object),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = iterator_dealloc,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = iterator_next,
    .tp_methods = iterator_methods,
};

/* --- Changing names -------------------------------------------------------------------------- */

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
    else if (find_place(&path, _PyRestrict_WRITE, &at) == 0) {
        result = place_result(
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
            && files->grants[i].ino == st.st_ino
            && files->grants[i].is_dir)
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
    if (find_place(path, _PyRestrict_WRITE, &at) < 0) {
        return NULL;
    }
    if (holds_grant(&at)) {
        close(at.dirfd);
        return path_deny(path, _PyRestrict_WRITE);
    }
    if (at.path.is_dir && flags == 0) {
        errno = ENOTDIR;
        return place_result(&at, -1, path);
    }
    return place_result(&at, unlinkat(at.dirfd, at.name, flags), path);
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

/* Moving must not make readable what was only writable.  Names may lie, by
   links: where a folder that may be read is inside one that may not, nothing
   of the latter moves at all. */
static int
move_keeps_secrets(const char *from, const char *to)
{
    const struct _restrict_files *files = get_files();
    if (_PyRestrict_ModeOf(files, from) & _PyRestrict_READ) {
        return 1;
    }
    return !(_PyRestrict_ModeOf(files, to) & _PyRestrict_READ)
           && !_PyRestrict_IsReadableWithin(files);
}

static PyObject *
rename_path(const path_arg *from, const path_arg *to)
{
    place source, target;
    if (find_place(from, _PyRestrict_WRITE, &source) < 0) {
        return NULL;
    }
    if (find_place(to, _PyRestrict_WRITE, &target) < 0) {
        close(source.dirfd);
        return NULL;
    }
    PyObject *result = NULL;
    if (holds_grant(&source)) {
        path_deny(from, _PyRestrict_WRITE);
    }
    else if (holds_grant(&target)) {
        path_deny(to, _PyRestrict_WRITE);
    }
    else if (!move_keeps_secrets(source.path.text, target.path.text)) {
        path_deny(from, _PyRestrict_READ | _PyRestrict_WRITE);
    }
    else if (renameat(source.dirfd, source.name, target.dirfd,
                      target.name) < 0)
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
    static char *keywords[] = {"src", "dst", "src_dir_fd", "dst_dir_fd",
                               NULL};
    path_arg from = PATH_ARG, to = PATH_ARG;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                     path_converter, &from,
                                     path_converter, &to,
                                     no_dir_fd, NULL, no_dir_fd, NULL))
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

/* --- Symbolic links --------------------------------------------------------------------------- */

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
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&|p$O&:symlink",
                                     keywords, path_converter, &target,
                                     path_converter, &path, &is_directory,
                                     no_dir_fd, NULL))
    {
        return NULL;
    }
    PyObject *result = NULL;
    if (!leads_down(path_text(&target))) {
        path_deny(&target, _PyRestrict_READ);
    }
    else if (find_place(&path, _PyRestrict_WRITE, &at) == 0) {
        result = place_result(
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
    int fd = reach_any(path, 0);
    if (fd < 0) {
        if (errno == EXDEV && stat_path(path, 0, &st) < 0) {
            return NULL;
        }
        errno = errno == EXDEV ? EINVAL : errno;
        return path_error(path, _PyRestrict_READ);
    }
    ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
    int err = n < 0 ? errno == ENOENT ? EINVAL : errno : 0;
    close(fd);
    if (err) {
        errno = err;
        return path_error(path, _PyRestrict_READ);
    }
    target[n] = '\0';
    if (!leads_down(target)) {
        fd = reach_any(path, 1);
        if (fd < 0 && errno == EXDEV) {
            return path_deny(path, _PyRestrict_READ);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return name_object(target, PyBytes_Check(path->name));
}

static PyObject *
os_readlink(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$O&:readlink",
                                     keywords, path_converter, &path,
                                     no_dir_fd, NULL))
    {
        return NULL;
    }
    PyObject *result = read_link(&path);
    path_clear(&path);
    return result;
}

/* --- Changing what a thing is ------------------------------------------------------------------- */

/* What is held O_PATH must be a file or a folder: never a device. */
static int
reach_plain(const path_arg *path, int follow)
{
    struct stat st;
    int fd = reach(path, _PyRestrict_WRITE, follow ? 0 : O_NOFOLLOW);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &st) < 0
        || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
    {
        close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

static PyObject *
os_chmod(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "mode", "dir_fd", "follow_symlinks",
                               NULL};
    path_arg path = PATH_ARG;
    int mode, follow = 1;
    char name[40];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&i|$O&p:chmod",
                                     keywords, path_converter, &path, &mode,
                                     no_dir_fd, NULL, &follow))
    {
        return NULL;
    }
    PyObject *result;
    int fd = reach_plain(&path, follow);
    if (fd < 0) {
        result = path_error(&path, _PyRestrict_WRITE);
    }
    else {
        proc_name(fd, name);
        result = fd_result(fd, chmod(name, mode & PERMISSIONS), &path);
    }
    path_clear(&path);
    return result;
}

static int
time_from_ns(PyObject *object, struct timespec *ts)
{
    long long ns = PyLong_AsLongLong(object);
    if (ns == -1 && PyErr_Occurred()) {
        return -1;
    }
    ts->tv_sec = ns / 1000000000;
    ts->tv_nsec = ns % 1000000000;
    if (ts->tv_nsec < 0) {
        ts->tv_nsec += 1000000000;
        ts->tv_sec--;
    }
    return 0;
}

static int
time_from_seconds(PyObject *object, struct timespec *ts)
{
    long nsec;
    int err = _PyTime_ObjectToTimespec(object, &ts->tv_sec, &nsec,
                                       _PyTime_ROUND_FLOOR);
    ts->tv_nsec = nsec;
    return err;
}

/* The two times, of either keyword; now if there is none. */
static int
times_arg(PyObject *times, PyObject *ns, struct timespec ts[2])
{
    PyObject *pair = ns != NULL ? ns : times;
    if (ns != NULL && times != Py_None) {
        PyErr_SetString(PyExc_ValueError,
                        "utime: you may specify either 'times' or 'ns' but "
                        "not both");
        return -1;
    }
    if (pair == Py_None) {
        ts[0].tv_nsec = ts[1].tv_nsec = UTIME_NOW;
        return 0;
    }
    if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) {
        PyErr_Format(PyExc_TypeError, "utime: '%s' must be %s",
                     ns != NULL ? "ns" : "times",
                     ns != NULL ? "a tuple of two ints"
                                : "either a tuple of two ints or None");
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        PyObject *item = PyTuple_GET_ITEM(pair, i);
        if ((ns != NULL ? time_from_ns(item, &ts[i])
                        : time_from_seconds(item, &ts[i])) < 0)
        {
            return -1;
        }
    }
    return 0;
}

static PyObject *
os_utime(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "times", "ns", "dir_fd",
                               "follow_symlinks", NULL};
    path_arg path = PATH_ARG;
    PyObject *times = Py_None, *ns = NULL, *result = NULL;
    int follow = 1;
    struct timespec ts[2] = {{0}};
    char name[40];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|O$OO&p:utime",
                                     keywords, path_converter, &path, &times,
                                     &ns, no_dir_fd, NULL, &follow))
    {
        return NULL;
    }
    if (times_arg(times, ns, ts) == 0) {
        int fd = reach_plain(&path, follow);
        if (fd < 0) {
            path_error(&path, _PyRestrict_WRITE);
        }
        else {
            proc_name(fd, name);
            result = fd_result(fd, utimensat(AT_FDCWD, name, ts, 0), &path);
        }
    }
    path_clear(&path);
    return result;
}

/* --- Descriptors --------------------------------------------------------------------------------- */

/* What a guest may ask open() for; the rest is dropped as the kernel would. */
#define OPEN_FLAGS (O_ACCMODE | O_APPEND | O_CREAT | O_DIRECTORY | O_DSYNC \
                    | O_EXCL | O_NOFOLLOW | O_SYNC | O_TRUNC | O_TMPFILE   \
                    | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static PyObject *
os_open(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "flags", "mode", "dir_fd", NULL};
    path_arg path = PATH_ARG;
    int flags, mode = 0777;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&i|i$O&:open", keywords,
                                     path_converter, &path, &flags, &mode,
                                     no_dir_fd, NULL))
    {
        return NULL;
    }
    int fd = _PyRestrict_OpenGuestFile(path.name, path_text(&path),
                                       flags & OPEN_FLAGS,
                                       mode & PERMISSIONS);
    path_clear(&path);
    return fd < 0 ? NULL : PyLong_FromLong(fd);
}

static PyObject *
os_close(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fd", NULL};
    int fd;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i:close", keywords, &fd)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    _PyRestrict_DisownDescriptor(fd);
    if (close(fd) < 0 && errno != EINTR) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

static PyObject *
os_read(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "in:read", &fd, &length)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    if (length < 0) {
        errno = EINVAL;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    length = Py_MIN(length, _PY_READ_MAX);
    PyObject *buffer = PyBytes_FromStringAndSize(NULL, length);
    if (buffer == NULL) {
        return NULL;
    }
    Py_ssize_t n = _Py_read(fd, PyBytes_AS_STRING(buffer), length);
    if (n < 0) {
        Py_DECREF(buffer);
        return NULL;
    }
    if (n != length) {
        _PyBytes_Resize(&buffer, n);
    }
    return buffer;
}

static PyObject *
os_write(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd;
    Py_buffer data;
    if (!PyArg_ParseTuple(args, "iy*:write", &fd, &data)) {
        return NULL;
    }
    Py_ssize_t n = -1;
    if (_PyRestrict_CheckDescriptor(fd) == 0
        && _PyRestrict_ChargeFile(fd, data.len) == 0)
    {
        n = _Py_write(fd, data.buf, data.len);
    }
    PyBuffer_Release(&data);
    return n < 0 ? NULL : PyLong_FromSsize_t(n);
}

static PyObject *
os_lseek(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd, whence;
    long long position;
    if (!PyArg_ParseTuple(args, "iLi:lseek", &fd, &position, &whence)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    off_t result = lseek(fd, position, whence);
    return result < 0 ? PyErr_SetFromErrno(PyExc_OSError)
                      : PyLong_FromLongLong(result);
}

static PyObject *
os_fstat(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fd", NULL};
    int fd;
    struct stat st;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i:fstat", keywords, &fd)
        || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    return fstat(fd, &st) < 0 ? PyErr_SetFromErrno(PyExc_OSError)
                              : stat_result(&st);
}

/* For "O&": a descriptor, or what has one, of the guest's own. */
static int
descriptor_converter(PyObject *object, void *fd)
{
    *(int *)fd = PyObject_AsFileDescriptor(object);
    return *(int *)fd >= 0;
}

static PyObject *
sync_with(PyObject *args, PyObject *kwargs, const char *format,
          int (*sync)(int))
{
    static char *keywords[] = {"fd", NULL};
    int fd;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords,
                                     descriptor_converter, &fd))
    {
        return NULL;
    }
    int err;
    Py_BEGIN_ALLOW_THREADS
    err = sync(fd);
    Py_END_ALLOW_THREADS
    return err < 0 ? PyErr_SetFromErrno(PyExc_OSError) : Py_NewRef(Py_None);
}

static PyObject *
os_fsync(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return sync_with(args, kwargs, "O&:fsync", fsync);
}

static PyObject *
os_fdatasync(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return sync_with(args, kwargs, "O&:fdatasync", fdatasync);
}

/* Nothing of the guest's is a terminal; what is not its own is not either. */
static PyObject *
os_isatty(PyObject *Py_UNUSED(module), PyObject *args)
{
    int fd;
    if (!PyArg_ParseTuple(args, "i:isatty", &fd)) {
        return NULL;
    }
    Py_RETURN_FALSE;
}

static PyObject *
truncate_fd(int fd, long long length)
{
    if (_PyRestrict_CheckDescriptor(fd) < 0
        || _PyRestrict_ChargeTruncate(fd, length) < 0)
    {
        return NULL;
    }
    return ftruncate(fd, length) < 0 ? PyErr_SetFromErrno(PyExc_OSError)
                                     : Py_NewRef(Py_None);
}

static PyObject *
os_ftruncate(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fd", "length", NULL};
    int fd;
    long long length;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "iL:ftruncate", keywords,
                                     &fd, &length))
    {
        return NULL;
    }
    return truncate_fd(fd, length);
}

static PyObject *
os_truncate(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "length", NULL};
    path_arg path = PATH_OR_FD_ARG;
    long long length;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&L:truncate", keywords,
                                     path_converter, &path, &length))
    {
        return NULL;
    }
    if (path.fd >= 0) {
        return truncate_fd(path.fd, length);
    }
    PyObject *result = NULL;
    int fd = _PyRestrict_OpenGuestFile(path.name, path_text(&path), O_WRONLY,
                                       0);
    if (fd >= 0) {
        result = truncate_fd(fd, length);
        _PyRestrict_DisownDescriptor(fd);
        close(fd);
    }
    path_clear(&path);
    return result;
}

/* --- The current directory ------------------------------------------------------------------------ */

/* Where a relative path starts: a name of the guest's own. */
static PyObject *
os_getcwd(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyUnicode_DecodeFSDefault(_PyRestrict_ShownDirectory());
}

static PyObject *
os_getcwdb(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyBytes_FromString(_PyRestrict_ShownDirectory());
}

static PyObject *
change_directory(const path_arg *path)
{
    struct _restrict_files *files = get_files();
    _PyRestrict_Path normal;
    struct stat st;
    if (stat_path(path, 1, &st) < 0) {
        return NULL;
    }
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return path_error(path, _PyRestrict_READ);
    }
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) < 0) {
        return path_error(path, _PyRestrict_READ);
    }
    char *copy = _PyMem_RawStrdup(normal.text);
    if (copy == NULL) {
        return PyErr_NoMemory();
    }
    PyMem_RawFree(files->cwd);
    files->cwd = copy;
    Py_RETURN_NONE;
}

static PyObject *
os_chdir(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", NULL};
    path_arg path = PATH_ARG;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&:chdir", keywords,
                                     path_converter, &path))
    {
        return NULL;
    }
    PyObject *result = change_directory(&path);
    path_clear(&path);
    return result;
}

/* --- The process, as far as the standard library needs one ------------------------------------------ */

/* os.environ is the guest's own dict: it tells the process nothing.  Nor do
   the audit events of the library that it uses, which it could forge. */
static PyObject *
os_keep(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    Py_RETURN_NONE;
}

/* There is one process as far as a guest can tell. */
static PyObject *
os_getpid(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(1);
}

/* --- The table ---------------------------------------------------------------------------------------- */

#define WITH_KEYWORDS(name) \
    {#name, _PyCFunction_CAST(os_##name), METH_VARARGS | METH_KEYWORDS, NULL}

static PyMethodDef os_functions[] = {
    {"audit", os_keep, METH_VARARGS, NULL},             // of sys
    WITH_KEYWORDS(access),
    WITH_KEYWORDS(chdir),
    WITH_KEYWORDS(chmod),
    WITH_KEYWORDS(close),
    WITH_KEYWORDS(fdatasync),
    WITH_KEYWORDS(fstat),
    WITH_KEYWORDS(fsync),
    WITH_KEYWORDS(ftruncate),
    {"getcwd", os_getcwd, METH_NOARGS, NULL},
    {"getcwdb", os_getcwdb, METH_NOARGS, NULL},
    {"getpid", os_getpid, METH_NOARGS, NULL},
    {"isatty", os_isatty, METH_VARARGS, NULL},
    WITH_KEYWORDS(listdir),
    {"lseek", os_lseek, METH_VARARGS, NULL},
    WITH_KEYWORDS(lstat),
    WITH_KEYWORDS(mkdir),
    WITH_KEYWORDS(open),
    {"putenv", os_keep, METH_VARARGS, NULL},
    {"read", os_read, METH_VARARGS, NULL},
    WITH_KEYWORDS(readlink),
    WITH_KEYWORDS(remove),
    WITH_KEYWORDS(rename),
    WITH_KEYWORDS(replace),
    WITH_KEYWORDS(rmdir),
    WITH_KEYWORDS(scandir),
    WITH_KEYWORDS(stat),
    WITH_KEYWORDS(symlink),
    WITH_KEYWORDS(truncate),
    WITH_KEYWORDS(unlink),
    {"unsetenv", os_keep, METH_VARARGS, NULL},
    WITH_KEYWORDS(utime),
    {"write", os_write, METH_VARARGS, NULL},
    {NULL, NULL}
};

PyMethodDef *
_PyRestrict_FindOsFunction(const char *name)
{
    for (PyMethodDef *def = os_functions; def->ml_name != NULL; def++) {
        if (strcmp(def->ml_name, name) == 0) {
            return def;
        }
    }
    return NULL;
}

/* Which of its functions take follow_symlinks; none takes a dir_fd. */
static int
set_have_functions(PyObject *dict)
{
    PyObject *list = Py_BuildValue("[ss]", "HAVE_LSTAT", "HAVE_FTRUNCATE");
    if (list == NULL) {
        return -1;
    }
    int err = PyDict_SetItemString(dict, "_have_functions", list);
    Py_DECREF(list);
    return err;
}

int
_PyRestrict_InitOs(PyObject *module)
{
    PyObject *dict = PyModule_GetDict(module);
    PyObject *environ = PyDict_New();
    int err = environ == NULL
              || PyDict_SetItemString(dict, "environ", environ) < 0
              || PyDict_SetItemString(
                     dict, "DirEntry",
                     (PyObject *)&_PyRestrict_DirEntry_Type) < 0
              || set_have_functions(dict) < 0;
    Py_XDECREF(environ);
    return err ? -1 : 0;
}

#endif  /* WITH_RESTRICTED */
