/* An extension module as somebody else would write it: it knows the installed
   headers and nothing of the build.  Each function is guarded by one check of
   pyrestrict.h, with the default names that the tests grant. */

#include <Python.h>

#include <stdio.h>

static PyObject *
answer(PyObject *self, PyObject *unused)
{
    return PyLong_FromLong(42);
}

static PyObject *
launch(PyObject *self, PyObject *unused)
{
    PyRestrict_Trusted(NULL);
    return PyUnicode_FromString("launched");
}

/* read_first(path): the first line of a file, opened by C's own means. */
static PyObject *
read_first(PyObject *self, PyObject *path)
{
    const char *name = PyUnicode_AsUTF8(path);
    char line[200] = "";
    if (name == NULL) {
        return NULL;
    }
    PyRestrict_CheckPath(name, "r", NULL);
    FILE *file = fopen(name, "r");
    if (file == NULL) {
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, name);
    }
    if (fgets(line, sizeof(line), file) == NULL) {
        line[0] = '\0';
    }
    fclose(file);
    return PyUnicode_FromString(line);
}

static PyObject *
where(PyObject *self, PyObject *unused)
{
    PyRestrict_CheckFilesystemInfo(NULL);
    return PyUnicode_FromString(__FILE__);
}

static PyObject *
load(PyObject *self, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    if (text == NULL) {
        return NULL;
    }
    PyRestrict_CheckModule(text, NULL);
    return PyImport_Import(name);
}

static PyObject *
allocate(PyObject *self, PyObject *arg)
{
    Py_ssize_t bytes = PyLong_AsSsize_t(arg);
    if (bytes == -1 && PyErr_Occurred()) {
        return NULL;
    }
    PyRestrict_MemoryAlloc(bytes, NULL);
    PyRestrict_MemoryFree(bytes);
    return PyLong_FromSsize_t(bytes);
}

static PyObject *
speak(PyObject *self, PyObject *unused)
{
    PyRestrict_ExtendedCheckTrue("thirdparty", "speech", NULL);
    return PyUnicode_FromString("hello");
}

static PyObject *
take_rows(PyObject *self, PyObject *arg)
{
    Py_ssize_t n = PyLong_AsSsize_t(arg);
    if (n == -1 && PyErr_Occurred()) {
        return NULL;
    }
    PyRestrict_ExtendedValueAlloc("thirdparty", "rows", n, NULL);
    return PyLong_FromSsize_t(n);
}

static PyObject *
give_rows(PyObject *self, PyObject *arg)
{
    Py_ssize_t n = PyLong_AsSsize_t(arg);
    if (n == -1 && PyErr_Occurred()) {
        return NULL;
    }
    PyRestrict_ExtendedValueFree("thirdparty", "rows", n, NULL);
    return PyLong_FromSsize_t(n);
}

static PyObject *
open_table(PyObject *self, PyObject *arg)
{
    const char *name = PyUnicode_AsUTF8(arg);
    if (name == NULL) {
        return NULL;
    }
    PyRestrict_ExtendedCheckMembership("thirdparty", "table", name, NULL);
    return PyUnicode_FromFormat("rows of %s", name);
}

static PyObject *
log_in(PyObject *self, PyObject *arg)
{
    const char *name = PyUnicode_AsUTF8(arg);
    if (name == NULL) {
        return NULL;
    }
    PyRestrict_ExtendedCheckValue("thirdparty", "user", name, NULL);
    return PyUnicode_FromFormat("hello %s", name);
}

/* Questions that no policy is meant for. */
static PyObject *
wrong_kind(PyObject *self, PyObject *unused)
{
    PyRestrict_ExtendedCheckTrue("thirdparty", "rows", NULL);
    Py_RETURN_NONE;
}

static PyObject *
of_the_core(PyObject *self, PyObject *unused)
{
    PyRestrict_ExtendedCheckTrue("Python", "anything", NULL);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"answer", answer, METH_NOARGS},
    {"launch", launch, METH_NOARGS},
    {"read_first", read_first, METH_O},
    {"where", where, METH_NOARGS},
    {"load", load, METH_O},
    {"allocate", allocate, METH_O},
    {"speak", speak, METH_NOARGS},
    {"take_rows", take_rows, METH_O},
    {"give_rows", give_rows, METH_O},
    {"open_table", open_table, METH_O},
    {"log_in", log_in, METH_O},
    {"wrong_kind", wrong_kind, METH_NOARGS},
    {"of_the_core", of_the_core, METH_NOARGS},
    {NULL},
};

/* A type made while the module is, and a module that is imported meanwhile:
   what that one offers is cut down as always. */
static PyType_Slot point_slots[] = {
    {Py_tp_doc, "a point"},
    {0},
};

static PyType_Spec point_spec = {
    .name = "thirdparty.Point",
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = point_slots,
};

static int
set_up(PyObject *module)
{
    PyObject *itertools = PyImport_ImportModule("array");
    if (itertools == NULL) {
        return -1;
    }
    Py_DECREF(itertools);
    return PyModule_Add(module, "Point", PyType_FromSpec(&point_spec));
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "thirdparty",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit_thirdparty(void)
{
    return PyModuleDef_Init(&definition);
}

/* The same code under another name, with the initialization of old. */
static PyModuleDef old_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "oldstyle",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_oldstyle(void)
{
    return PyModule_Create(&old_definition);
}
