/* Folders that a guest reads: os.listdir(), os.scandir().

   A folder is read at once and whole, so that no descriptor of a folder stays
   open that a guest could keep, lose or look up from.  What an entry says of
   itself comes from the folder; everything else it asks beneath the grants,
   by an absolute name, as any other path. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_os.h"
#include "structmember.h"  // PyMemberDef

#ifdef WITH_RESTRICTED

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- Folders ------------------------------------------------------------ */

/* One entry of a folder; the path is absolute, whatever the guest's current
   directory is later. */
typedef struct {
    PyObject_HEAD
    PyObject *name;      // str or bytes, as scandir() was asked
    PyObject *path;      // of the folder as it was given, joined
    PyObject *absolute;  // bytes
    PyObject *stat[2];   // kept: of the link, of what it leads to
    unsigned char d_type;
    ino_t inode;
} entry_object;

typedef struct {
    PyObject_HEAD
    PyObject *entries;  // list; NULL: closed
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
        if (fd >= 0) {
            _PyRestrict_CloseKeepErrno(fd);
        }
        _PyRestrict_OsError(path, mode | _PyRestrict_FOLDER);
    }
    return dir;
}

/* Append what `make` gives for each entry but "." and "..". */
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
        err = _PyRestrict_POLLING() && _PyRestrict_CheckStop() < 0;
        if (err || strcmp(entry->d_name, ".") == 0
            || strcmp(entry->d_name, "..") == 0)
        {
            continue;
        }
        PyObject *item = make(path, entry);
        err = item == NULL || PyList_Append(list, item) < 0;
        Py_XDECREF(item);
    }
    if (!err && errno != 0) {
        _PyRestrict_OsError(path, _PyRestrict_READ);
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
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords, &object))
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
    return _PyRestrict_OsName(entry->d_name, PyBytes_Check(path->name));
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

/* --- scandir() ---------------------------------------------------------- */

static PyObject *
join(const path_arg *path, const char *name)
{
    Py_ssize_t n = PyBytes_GET_SIZE(path->bytes);
    const char *slash = n > 0 && path_text(path)[n - 1] == '/' ? "" : "/";
    PyObject *joined = PyBytes_FromFormat("%s%s%s", path_text(path), slash,
                                          name);
    if (joined != NULL && !PyBytes_Check(path->name)) {
        Py_SETREF(joined,
                  PyUnicode_DecodeFSDefaultAndSize(PyBytes_AS_STRING(joined),
                                                   PyBytes_GET_SIZE(joined)));
    }
    return joined;
}

static PyObject *
join_absolute(const path_arg *path, const char *name)
{
    _PyRestrict_Path normal;
    if (_PyRestrict_Normalize(get_files()->cwd, path_text(path), &normal) < 0)
    {
        return _PyRestrict_OsError(path, _PyRestrict_READ);
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
    if (entry->name == NULL || entry->path == NULL || entry->absolute == NULL)
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
    return _PyRestrict_StatPath(&path, follow, st);
}

/* "follow_symlinks", which is all that its methods take. */
static int
entry_args(PyObject *args, PyObject *kwargs, const char *format, int *follow)
{
    static char *keywords[] = {"follow_symlinks", NULL};
    *follow = 1;
    return PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords, follow)
               ? 0
               : -1;
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
        PyObject *result = _PyRestrict_StatResult(&st);
        if (result == NULL) {
            return NULL;
        }
        Py_XSETREF(entry->stat[follow], result);
    }
    return Py_NewRef(entry->stat[follow]);
}

/* Is the entry of this type?  What is gone is of none. */
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
    return PyUnicode_FromFormat("<DirEntry %R>", ((entry_object *)self)->name);
}

static PyMethodDef entry_methods[] = {
    {"is_dir", _PyCFunction_CAST(entry_is_dir), METH_VARARGS | METH_KEYWORDS,
     NULL},
    {"is_file", _PyCFunction_CAST(entry_is_file), METH_VARARGS | METH_KEYWORDS,
     NULL},
    {"is_symlink", entry_is_symlink, METH_NOARGS, NULL},
    {"is_junction", entry_is_junction, METH_NOARGS, NULL},
    {"stat", _PyCFunction_CAST(entry_stat), METH_VARARGS | METH_KEYWORDS,
     NULL},
    {"inode", entry_inode, METH_NOARGS, NULL},
    {"__fspath__", entry_fspath, METH_NOARGS, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL},
};

static PyMemberDef entry_members[] = {
    {"name", Py_T_OBJECT_EX, offsetof(entry_object, name), Py_READONLY},
    {"path", Py_T_OBJECT_EX, offsetof(entry_object, path), Py_READONLY},
    {NULL},
};

PyTypeObject _PyRestrict_DirEntry_Type = {
    // clang-format off
    PyVarObject_HEAD_INIT(&PyType_Type, 0)
        // clang-format on
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
    iterator_object *iterator =
        PyObject_New(iterator_object, &_PyRestrict_ScandirIterator_Type);
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
    {NULL, NULL},
};

PyTypeObject _PyRestrict_ScandirIterator_Type = {
    // clang-format off
    PyVarObject_HEAD_INIT(&PyType_Type, 0)
        // clang-format on
        .tp_name = "posix.ScandirIterator",
    .tp_basicsize = sizeof(iterator_object),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = iterator_dealloc,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = iterator_next,
    .tp_methods = iterator_methods,
};

/* --- The table ---------------------------------------------------------- */

#define WITH_KEYWORDS(name)                                                   \
    {#name, _PyCFunction_CAST(os_##name), METH_VARARGS | METH_KEYWORDS, NULL}

PyMethodDef _PyRestrict_OsFolderFunctions[] = {
    WITH_KEYWORDS(listdir),
    WITH_KEYWORDS(scandir),
    {NULL, NULL},
};

#endif /* WITH_RESTRICTED */
