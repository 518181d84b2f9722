/* Callbacks: what the host gets when a guest hands a function of its own to
   something that it has a proxy of.

   The host calls it with its own objects, and the guest is to see them as it
   sees all that comes from behind a proxy: so the arguments are wrapped, and a
   proxy that the guest returns is unwrapped. */

#include "Python.h"
#include "pycore_object.h"  // _PyObject_GC_TRACK()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

typedef struct {
    PyObject_HEAD
    PyObject *function;  // the guest's
} callback;

static void callback_dealloc(PyObject *self);

/* The class is made in each interpreter; its deallocator is one. */
static int
is_callback(PyObject *obj)
{
    return Py_TYPE(obj)->tp_dealloc == callback_dealloc;
}

/* The function of a callback, borrowed; NULL, without an exception, of
   anything else. */
PyObject *
_PyRestrict_CallbackFunction(PyObject *obj)
{
    return is_callback(obj) ? ((callback *)obj)->function : NULL;
}

/* Would the host call it with its own objects?  What the host wrote may have
   them.  Not a class: the host may want to compare or register it. */
int
_PyRestrict_IsGuestsCallable(PyObject *obj)
{
    if (PyMethod_Check(obj)) {
        obj = PyMethod_GET_FUNCTION(obj);
    }
    if (PyFunction_Check(obj)) {
        return _PyRestrict_IS_GUESTS(obj);
    }
    PyTypeObject *type = Py_TYPE(obj);
    return PyCallable_Check(obj) && !PyType_Check(obj)
           && !_PyRestrict_IsProxy(obj)
           && (PyType_HasFeature(type, _PyRestrict_TPFLAG_GUARDED)
               || !_PyRestrict_IsClassStatement(type));
}

PyObject *
_PyRestrict_NewCallback(PyObject *function)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    PyObject *self =
        state != NULL ? state->callback_type->tp_alloc(state->callback_type, 0)
                      : NULL;
    if (self != NULL) {
        ((callback *)self)->function = Py_NewRef(function);
    }
    return self;
}

static PyObject *
wrap_kwargs(PyObject *kwargs)
{
    PyObject *result = PyDict_New(), *name, *arg;
    Py_ssize_t pos = 0;
    while (result != NULL && kwargs != NULL
           && PyDict_Next(kwargs, &pos, &name, &arg))
    {
        PyObject *value = _PyRestrict_NewProxy(arg);
        if (value == NULL || PyDict_SetItem(result, name, value) < 0) {
            Py_CLEAR(result);
        }
        Py_XDECREF(value);
    }
    return result;
}

static PyObject *
callback_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *result = NULL;
    PyObject *given = _PyRestrict_NewProxy(args);
    PyObject *named = given != NULL ? wrap_kwargs(kwargs) : NULL;
    if (named != NULL) {
        result = PyObject_Call(((callback *)self)->function, given, named);
    }
    if (result != NULL) {
        Py_SETREF(result, _PyRestrict_Unproxy(result));
    }
    Py_XDECREF(given);
    Py_XDECREF(named);
    return result;
}

/* The host may look for a callback that it was given before. */
static PyObject *
callback_richcompare(PyObject *self, PyObject *other, int op)
{
    if (!is_callback(self) || !is_callback(other)
        || (op != Py_EQ && op != Py_NE))
    {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return PyObject_RichCompare(((callback *)self)->function,
                                ((callback *)other)->function, op);
}

static Py_hash_t
callback_hash(PyObject *self)
{
    return PyObject_Hash(((callback *)self)->function);
}

static PyObject *
callback_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<callback %R>", ((callback *)self)->function);
}

static PyObject *
callback_name(PyObject *self, void *closure)
{
    return PyObject_GetAttrString(((callback *)self)->function, closure);
}

static int
callback_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((callback *)self)->function);
    return 0;
}

static int
callback_clear(PyObject *self)
{
    Py_XSETREF(((callback *)self)->function, Py_NewRef(Py_None));
    return 0;
}

static void
callback_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((callback *)self)->function);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyGetSetDef callback_getset[] = {
    {"__name__", callback_name, NULL, NULL, "__name__"},
    {"__qualname__", callback_name, NULL, NULL, "__qualname__"},
    {NULL},
};

static PyType_Slot callback_slots[] = {
    {Py_tp_doc, "A function of a guest, called with proxies."},
    {Py_tp_dealloc, callback_dealloc},
    {Py_tp_traverse, callback_traverse},
    {Py_tp_clear, callback_clear},
    {Py_tp_call, callback_call},
    {Py_tp_richcompare, callback_richcompare},
    {Py_tp_hash, callback_hash},
    {Py_tp_repr, callback_repr},
    {Py_tp_getset, callback_getset},
    {0, NULL},
};

PyType_Spec _PyRestrict_CallbackSpec = {
    .name = "restrict.Callback",
    .basicsize = sizeof(callback),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = callback_slots,
};

#endif /* WITH_RESTRICTED */
