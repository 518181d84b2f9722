/* C callables that guarded code leaves for others to call later.

   A Python function takes its builtins, and so its restriction, along to
   whoever calls it.  A C callable has no frame: `map(type.__subclasses__,
   [object])`, consumed by the host, would run with the host's rights.  So
   wherever C code keeps a callable for guarded code -- map, filter, partial,
   property, itertools, weakref callbacks, the special methods of a class --
   it keeps a *carried* one: an opaque object that calls it in an extent, in
   which the guards hold as for guarded code (restrict_guarded.c).

   Some C callables look inside objects by a name that comes with them or with
   their arguments: `type.__subclasses__`, `object.__getattribute__`,
   `'{0.x}'.format`, an attrgetter.  Any host function that calls what it is
   given would look for the guest.  So guarded code that takes such a thing in
   its hands, in place of calling it at once, gets it carried.

   Classes that guarded code makes are adopted here: they have a flag, their
   special methods are carried, and they are the only classes that guarded
   code may change. */

#include "Python.h"
#include "pycore_frame.h"
#include "pycore_interp.h"  // PyInterpreterState.feature_flags
#include "pycore_object.h"  // _PyObject_GC_TRACK()
#include "pycore_restrict.h"
#include "pycore_typeobject.h"

#ifdef WITH_RESTRICTED

/* --- The object ----------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *callable;
    PyObject *builtins;  // whose restriction it carries
} carried;

static PyObject *
carried_vectorcall(PyObject *self, PyObject *const *args, size_t nargsf,
                   PyObject *kwnames)
{
    // self may be dropped by the call.
    PyObject *callable = Py_NewRef(((carried *)self)->callable);
    PyObject *builtins = Py_NewRef(((carried *)self)->builtins);
    struct _restrict_extent saved = _PyRestrict_EnterExtent(builtins);
    PyObject *result = PyObject_Vectorcall(callable, args, nargsf, kwnames);
    _PyRestrict_LeaveExtent(saved);
    Py_DECREF(builtins);
    Py_DECREF(callable);
    return result;
}

static int
carried_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((carried *)self)->callable);
    Py_VISIT(((carried *)self)->builtins);
    return 0;
}

static int
carried_clear(PyObject *self)
{
    // Called no more once the collector has cleared it: say so, do not crash.
    Py_XSETREF(((carried *)self)->callable, Py_NewRef(Py_None));
    return 0;
}

static void
carried_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((carried *)self)->callable);
    Py_XDECREF(((carried *)self)->builtins);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
carried_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<guarded %R>", ((carried *)self)->callable);
}

/* In a class, what is carried binds as it would alone. */
static PyObject *
carried_descr_get(PyObject *self, PyObject *obj, PyObject *type)
{
    PyObject *callable = ((carried *)self)->callable;
    descrgetfunc get = Py_TYPE(callable)->tp_descr_get;
    if (get == NULL || obj == NULL || obj == Py_None) {
        return Py_NewRef(self);
    }
    PyObject *bound = get(callable, obj, type);
    PyObject *result = bound != NULL ? _PyRestrict_CarryFor(
                                           bound, ((carried *)self)->builtins)
                                     : NULL;
    Py_XDECREF(bound);
    return result;
}

static PyObject *
carried_name(PyObject *self, void *closure)
{
    return PyObject_GetAttrString(((carried *)self)->callable, closure);
}

static PyMemberDef carried_members[] = {
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(carried, vectorcall),
     Py_READONLY},
    {NULL},
};

/* What help and error messages ask for; the callable itself stays inside. */
static PyGetSetDef carried_getset[] = {
    {"__name__", carried_name, NULL, NULL, "__name__"},
    {"__qualname__", carried_name, NULL, NULL, "__qualname__"},
    {"__doc__", carried_name, NULL, NULL, "__doc__"},
    {NULL},
};

static PyType_Slot carried_slots[] = {
    {Py_tp_dealloc, carried_dealloc},
    {Py_tp_traverse, carried_traverse},
    {Py_tp_clear, carried_clear},
    {Py_tp_repr, carried_repr},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_descr_get, carried_descr_get},
    {Py_tp_members, carried_members},
    {Py_tp_getset, carried_getset},
    {0, NULL},
};

PyType_Spec _PyRestrict_CarriedSpec = {
    .name = "restrict.Carried",
    .basicsize = sizeof(carried),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
             | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = carried_slots,
};

/* A new carried callable, for the guarded code that these are the builtins
   of. */
PyObject *
_PyRestrict_CarryFor(PyObject *callable, PyObject *builtins)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    PyObject *self =
        state != NULL ? state->carried_type->tp_alloc(state->carried_type, 0)
                      : NULL;
    if (self != NULL) {
        ((carried *)self)->vectorcall = carried_vectorcall;
        ((carried *)self)->callable = Py_NewRef(callable);
        ((carried *)self)->builtins = Py_NewRef(builtins);
    }
    return self;
}

/* --- Which callables ------------------------------------------------------------- */

/* Classes whose call neither keeps a callable nor reads an attribute by a
   name that was passed to it. */
static int
is_plain_class(PyObject *obj)
{
    PyTypeObject *const classes[] = {
        &PyBool_Type,  &PyBytes_Type,     &PyComplex_Type, &PyDict_Type,
        &PyFloat_Type, &PyFrozenSet_Type, &PyList_Type,    &PyLong_Type,
        &PySet_Type,   &PyTuple_Type,     &PyUnicode_Type,
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(classes); i++) {
        if (obj == (PyObject *)classes[i]) {
            return 1;
        }
    }
    return 0;
}

/* Made by a class statement: a call runs Python functions, or what the
   namespace of the class carries. */
static int
is_safe_alone(PyObject *obj)
{
    if (PyMethod_Check(obj)) {
        obj = PyMethod_GET_FUNCTION(obj);
    }
    return !PyCallable_Check(obj) || PyFunction_Check(obj)
           || is_plain_class(obj) || _PyRestrict_IsClassStatement(Py_TYPE(obj))
           || Py_TYPE(obj)->tp_dealloc == carried_dealloc;
}

/* A new reference to the callable, carried if it needs it.  Without memory,
   to something that cannot be called: the hooks have no way to fail. */
PyObject *
_PyRestrict_Carry(PyObject *callable)
{
    PyObject *builtins = _PyRestrict_RunningBuiltins();
    if (builtins == NULL || is_safe_alone(callable)) {
        return Py_NewRef(callable);
    }
    PyObject *result = _PyRestrict_CarryFor(callable, builtins);
    if (result == NULL) {
        PyErr_Clear();
        return Py_NewRef(Py_None);
    }
    return result;
}

/* --- Callables that look inside objects ------------------------------------------- */

/* Methods of built-in classes, by name. */
int
_PyRestrict_IsReflective(PyObject *name)
{
    static const char *const names[] = {
        "__call__",      "__delattr__",      "__delete__",   "__get__",
        "__getattr__",   "__getattribute__", "__getstate__", "__reduce__",
        "__reduce_ex__", "__replace__",      "__set__",      "__setattr__",
        "__setstate__",  "__subclasses__",   "format",       "format_map",
        "replace",
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        if (_PyUnicode_EqualToASCIIString(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

/* Guarded code reads the method from an object, or from its class: obj is
   NULL.  The method itself checks what it is called with. */
PyObject *
_PyRestrict_CarryDescr(PyObject *descr, PyObject *obj)
{
    PyObject *method = obj != NULL ? PyMethod_New(descr, obj)
                                   : Py_NewRef(descr);
    PyObject *builtins = _PyRestrict_RunningBuiltins();
    PyObject *result = method != NULL && builtins != NULL
                           ? _PyRestrict_CarryFor(method, builtins)
                           : NULL;
    Py_XDECREF(method);
    return result;
}

/* --- Classes ---------------------------------------------------------------------- */

static int
is_special(PyObject *name)
{
    if (!PyUnicode_Check(name)) {
        return 0;
    }
    Py_ssize_t n = PyUnicode_GET_LENGTH(name);
    return n > 4 && PyUnicode_READ_CHAR(name, 0) == '_'
           && PyUnicode_READ_CHAR(name, 1) == '_'
           && PyUnicode_READ_CHAR(name, n - 2) == '_'
           && PyUnicode_READ_CHAR(name, n - 1) == '_';
}

/* Would the interpreter call this, as the special method of a class, with the
   rights of whoever uses an operator?  What has a __get__ is a method of a
   built-in class, and works on the instance. */
static int
needs_carrying(PyObject *name, PyObject *value)
{
    return is_special(name) && Py_TYPE(value)->tp_descr_get == NULL
           && !PyType_Check(value) && !is_safe_alone(value);
}

/* The builtins of the first function of guarded code in the namespace. */
static PyObject *
namespace_builtins(PyObject *dict)
{
    PyObject *name, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &name, &value)) {
        if (PyFunction_Check(value) && _PyRestrict_IS_GUESTS(value)) {
            return ((PyFunctionObject *)value)->func_builtins;
        }
    }
    return NULL;
}

/* Whose class is it that was just made?  The guest's, if guarded code runs or
   a trusted metaclass or decorator made it from functions of the guest's.
   Not if the guest merely waits for a host function, which may be importing
   a module of the host's. */
static PyObject *
makers_builtins(PyTypeObject *type)
{
    PyObject *builtins = _PyRestrict_RunningBuiltins();
    return builtins != NULL ? builtins : namespace_builtins(type->tp_dict);
}

int
_PyRestrict_AdoptType(PyTypeObject *type)
{
    PyObject *builtins = makers_builtins(type);
    if (builtins == NULL) {
        return 0;
    }
    type->tp_flags |= _PyRestrict_TPFLAG_GUARDED;
    PyObject *dict = type->tp_dict, *name, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &name, &value)) {
        if (!needs_carrying(name, value)) {
            continue;
        }
        // Replacing a value does not disturb the iteration.
        PyObject *carrier = _PyRestrict_CarryFor(value, builtins);
        if (carrier == NULL || PyDict_SetItem(dict, name, carrier) < 0) {
            Py_XDECREF(carrier);
            return -1;
        }
        Py_DECREF(carrier);
    }
    return 0;
}

/* Guarded code sets or deletes an attribute of a class: 1 if that may go on as
   usual, 0 if it is done, -1 if it is refused or failed. */
int
_PyRestrict_TypeSetattr(PyTypeObject *type, PyObject *name, PyObject *value)
{
    if (!PyType_HasFeature(type, _PyRestrict_TPFLAG_GUARDED)) {
        if (PyType_HasFeature(type, Py_TPFLAGS_IMMUTABLETYPE)) {
            return 1;  // upstream refuses
        }
        char subject[200];
        PyOS_snprintf(subject, sizeof(subject), "type.__setattr__(%s)",
                      type->tp_name);
        return _PyRestrict_GuardAttribute(subject);
    }
    if (value == NULL || !needs_carrying(name, value)) {
        return 1;
    }
    PyObject *carrier = _PyRestrict_CarryFor(value,
                                             _PyRestrict_RunningBuiltins());
    if (carrier == NULL) {
        return -1;
    }
    int err = PyType_Type.tp_setattro((PyObject *)type, name, carrier);
    Py_DECREF(carrier);
    return err;
}

/* --- Mapping proxies ------------------------------------------------------------ */

/* The dict of a class, and what else it is of an exact type, is copied for
   anybody: it is the operand that may be a guest's.  What the host has made
   otherwise keeps its own operators, except for a guest. */
static PyObject *
copy_mapping(PyObject *mapping)
{
    if (PyDict_CheckExact(mapping)) {
        return PyDict_Copy(mapping);
    }
    if (PyODict_CheckExact(mapping)) {
        return PyObject_CallMethodNoArgs(mapping, &_Py_ID(copy));
    }
    if (!_PyRestrict_RunsGuarded() || !PyMapping_Check(mapping)
        || PyType_HasFeature(Py_TYPE(mapping), _PyRestrict_TPFLAG_GUARDED))
    {
        return Py_NewRef(mapping);
    }
    PyObject *copy = PyDict_New();
    if (copy != NULL && PyDict_Update(copy, mapping) < 0) {
        Py_CLEAR(copy);
    }
    return copy;
}

PyObject *
_PyRestrict_ProxyCompare(PyObject *mapping, PyObject *other, int op)
{
    PyObject *copy = copy_mapping(mapping);
    PyObject *result = copy != NULL ? PyObject_RichCompare(copy, other, op)
                                    : NULL;
    Py_XDECREF(copy);
    return result;
}

PyObject *
_PyRestrict_ProxyOr(PyObject *left, PyObject *right)
{
    PyObject *result = NULL;
    PyObject *left_copy = copy_mapping(left);
    PyObject *right_copy = copy_mapping(right);
    if (left_copy != NULL && right_copy != NULL) {
        result = PyNumber_Or(left_copy, right_copy);
    }
    Py_XDECREF(left_copy);
    Py_XDECREF(right_copy);
    return result;
}

#endif /* WITH_RESTRICTED */
