/* What guests have under `os`: the file system beneath the grants.

   The functions here and in restrict_os_*.c stand in the guest's posix module
   in place of upstream's (rows `guard` of posix.tbl), with the same names,
   arguments and results.  Each works on a name in a folder, or on a
   descriptor, that restrict_beneath.c opened beneath a grant; without a grant
   that covers it, a path is refused before any system call.  What the guest
   cannot have is refused in the same way: folders by descriptor, hard links,
   ownership, special files.

   The current directory is a name of the guest's own; that of the process
   stays as it is. */

#include "Python.h"
#include "pycore_import.h"  // _PyImport_GetModuleAttrString()
#include "pycore_restrict.h"
#include "pycore_restrict_os.h"

#ifdef WITH_RESTRICTED

#include <errno.h>

/* --- The current directory ----------------------------------------------- */

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
    if (_PyRestrict_StatPath(path, 1, &st) < 0) {
        return NULL;
    }
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return _PyRestrict_OsError(path, _PyRestrict_READ);
    }
    if (_PyRestrict_Normalize(files->cwd, path_text(path), &normal) < 0) {
        return _PyRestrict_OsError(path, _PyRestrict_READ);
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

/* --- The process, as far as the standard library needs one --------------- */

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

/* platform.system() wants the first field; the others tell of the machine. */
static PyObject *
os_uname(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    PyObject *type = _PyImport_GetModuleAttrString("posix", "uname_result");
    PyObject *fields = type != NULL ? Py_BuildValue("((sssss))", "Linux", "",
                                                    "", "", "")
                                    : NULL;
    PyObject *result = fields != NULL ? PyObject_CallObject(type, fields)
                                      : NULL;
    Py_XDECREF(type);
    Py_XDECREF(fields);
    return result;
}

/* --- The table ----------------------------------------------------------- */

PyMethodDef _PyRestrict_OsProcessFunctions[] = {
    {"audit", os_keep, METH_VARARGS, NULL},  // of sys
    {"chdir", _PyCFunction_CAST(os_chdir), METH_VARARGS | METH_KEYWORDS, NULL},
    {"getcwd", os_getcwd, METH_NOARGS, NULL},
    {"getcwdb", os_getcwdb, METH_NOARGS, NULL},
    {"getpid", os_getpid, METH_NOARGS, NULL},
    {"putenv", os_keep, METH_VARARGS, NULL},
    {"uname", os_uname, METH_NOARGS, NULL},
    {"unsetenv", os_keep, METH_VARARGS, NULL},
    {NULL, NULL},
};

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
              || PyDict_SetItemString(dict, "DirEntry",
                                      (PyObject *)&_PyRestrict_DirEntry_Type)
                     < 0
              || set_have_functions(dict) < 0;
    Py_XDECREF(environ);
    return err ? -1 : 0;
}

#endif /* WITH_RESTRICTED */
