/* What a guest may have meant by a name that is not there.

   The traceback module and the interpreter's own traceback offer the closest
   name of those that there are.  They look for it in frames and in objects of
   the guest's, so that it is done here, in the guest and under its limits,
   when its exception is described (restrict_describe.c).  The names that are
   offered are the guest's: those that it could have used. */

#include "Python.h"
#include "pycore_pyerrors.h"  // _Py_CalculateSuggestions()
#include "pycore_restrict.h"
#include "pycore_restrict_run.h"
#include "pycore_traceback.h"  // PyTracebackObject

#ifdef WITH_RESTRICTED

/* --- The names that there are ------------------------------------------------------- */

static int
is_private(PyObject *name)
{
    return PyUnicode_GET_LENGTH(name) > 0
           && PyUnicode_READ_CHAR(name, 0) == '_';
}

/* Steals all, which is what has the names, or NULL with an exception. */
static int
add_names(PyObject *names, PyObject *all, int hide_private)
{
    PyObject *list = all != NULL ? PySequence_List(all) : NULL;
    Py_XDECREF(all);
    if (list == NULL) {
        return -1;
    }
    int result = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && result == 0; i++) {
        PyObject *name = PyList_GET_ITEM(list, i);
        if (PyUnicode_CheckExact(name) && !(hide_private && is_private(name)))
        {
            result = PyList_Append(names, name);
        }
    }
    Py_DECREF(list);
    return result;
}

/* The frame where it happened, a new reference, or NULL. */
static PyFrameObject *
last_frame(PyObject *exc)
{
    PyTracebackObject *tb =
        (PyTracebackObject *)((PyBaseExceptionObject *)exc)->traceback;
    while (tb != NULL && tb->tb_next != NULL) {
        tb = tb->tb_next;
    }
    return tb != NULL ? (PyFrameObject *)Py_NewRef(tb->tb_frame) : NULL;
}

/* The frame's `self`, a new reference; NULL without an exception if it has
   none. */
static PyObject *
self_of(PyFrameObject *frame)
{
    PyObject *locals = frame != NULL ? PyFrame_GetLocals(frame) : NULL;
    PyObject *name = PyUnicode_FromString("self"), *self = NULL;
    if (locals != NULL && name != NULL) {
        (void)PyMapping_GetOptionalItem(locals, name, &self);
    }
    Py_XDECREF(name);
    Py_XDECREF(locals);
    PyErr_Clear();
    return self;
}

/* Steals names. */
static PyObject *
closest(PyObject *names, PyObject *name)
{
    PyObject *found = _Py_CalculateSuggestions(names, name);
    Py_DECREF(names);
    return found;
}

/* --- Three kinds of exception -------------------------------------------------------- */

/* Each returns a new reference to what was meant, or NULL, which may be with
   an exception: it does not matter why there is none. */

static PyObject *
meant_variable(PyObject *name, PyFrameObject *frame)
{
    PyObject *value = NULL, *self = self_of(frame);
    if (self != NULL) {
        (void)PyObject_GetOptionalAttr(self, name, &value);
        Py_DECREF(self);
        PyErr_Clear();
    }
    if (value != NULL) {
        Py_DECREF(value);
        return PyUnicode_FromFormat("self.%U", name);
    }
    PyObject *names = frame != NULL ? PyList_New(0) : NULL;
    if (names != NULL
        && (add_names(names, PyFrame_GetLocals(frame), 0) < 0
            || add_names(names, PyFrame_GetGlobals(frame), 0) < 0
            || add_names(names, PyFrame_GetBuiltins(frame), 0) < 0))
    {
        Py_CLEAR(names);
    }
    return names != NULL ? closest(names, name) : NULL;
}

/* A method may use what is private to its own object.  Steals object. */
static PyObject *
meant_attribute(PyObject *name, PyObject *object, PyFrameObject *frame)
{
    PyObject *names = object != NULL ? PyList_New(0) : NULL;
    PyObject *self = self_of(frame);
    int hide = !is_private(name) && (self == NULL || self != object);
    if (names != NULL && add_names(names, PyObject_Dir(object), hide) < 0) {
        Py_CLEAR(names);
    }
    Py_XDECREF(self);
    Py_XDECREF(object);
    return names != NULL ? closest(names, name) : NULL;
}

static PyObject *
meant_import(PyObject *name, PyObject *module_name)
{
    return module_name != NULL && PyUnicode_CheckExact(module_name)
               ? meant_attribute(name, PyImport_GetModule(module_name), NULL)
               : NULL;
}

#define IS(exc, type) PyObject_TypeCheck(exc, (PyTypeObject *)(type))

/* What is refused is no slip of the pen. */
static int
is_refusal(PyObject *exc)
{
    PyObject *type = _PyRestrict_GetException(_PyRestrict_ERROR);
    int is = type == NULL || IS(exc, type);
    Py_XDECREF(type);
    PyErr_Clear();
    return is;
}

/* The name that was not found, a new reference, or NULL. */
static PyObject *
missing_name(PyObject *exc)
{
    PyObject *name = NULL;
    if (is_refusal(exc)) {
        return NULL;
    }
    if (IS(exc, PyExc_NameError)) {
        name = ((PyNameErrorObject *)exc)->name;
    }
    else if (IS(exc, PyExc_AttributeError)) {
        name = ((PyAttributeErrorObject *)exc)->name;
    }
    else if (IS(exc, PyExc_ImportError)) {
        name = ((PyImportErrorObject *)exc)->name_from;
    }
    return name != NULL && PyUnicode_CheckExact(name) ? Py_NewRef(name) : NULL;
}

static PyObject *
meant(PyObject *exc, PyObject *name, PyFrameObject *frame)
{
    if (IS(exc, PyExc_NameError)) {
        return meant_variable(name, frame);
    }
    if (IS(exc, PyExc_AttributeError)) {
        PyObject *object = ((PyAttributeErrorObject *)exc)->obj;
        return meant_attribute(name, Py_XNewRef(object), frame);
    }
    return meant_import(name, ((PyImportErrorObject *)exc)->name);
}

/* (the name of a variable that is not there or None, what was meant or
   None), or NULL without memory. */
PyObject *
_PyRestrict_DescribeSuggestion(PyObject *exc)
{
    PyObject *name = missing_name(exc);
    if (name == NULL) {
        return Py_BuildValue("(OO)", Py_None, Py_None);
    }
    PyFrameObject *frame = last_frame(exc);
    PyObject *found = meant(exc, name, frame);
    PyErr_Clear();
    Py_XDECREF(frame);
    if (!IS(exc, PyExc_NameError)) {
        Py_SETREF(name, Py_NewRef(Py_None));
    }
    return Py_BuildValue("(NN)", name, found ? found : Py_NewRef(Py_None));
}

#endif /* WITH_RESTRICTED */
