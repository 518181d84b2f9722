/* What guarded code sees of its builtins, and what it imports: two read-only
   views of a dict, with no way from the view to the dict.

   The builtins are a copy of what the host gave, and marked
   (restrict_guarded.c).  Code looks names up in the dict itself, as fast as
   ever; `__builtins__` is the view.  A module that a guest imports is a view
   with attributes in place of items, and nothing of a module. */

#include "Python.h"
#include "pycore_interp.h"  // PyInterpreterState.feature_flags
#include "pycore_object.h"  // _PyObject_GC_TRACK()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

typedef struct {
    PyObject_HEAD
    PyObject *dict;  // marked, if it is of builtins
} sealed_view;

static PyObject *
alloc_view(PyTypeObject *type, PyObject *dict)
{
    PyObject *view = type->tp_alloc(type, 0);
    if (view != NULL) {
        ((sealed_view *)view)->dict = Py_NewRef(dict);
    }
    return view;
}

static void
sealed_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((sealed_view *)self)->dict);
    type->tp_free(self);
    Py_DECREF(type);
}

static int
sealed_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((sealed_view *)self)->dict);
    return 0;
}

static PyObject *
view_dict(PyObject *self)
{
    return ((sealed_view *)self)->dict;
}

static Py_ssize_t
sealed_length(PyObject *self)
{
    return PyDict_GET_SIZE(view_dict(self));
}

/* A guest that writes is refused, and that is recorded.  For the host it is
   the usual error. */
static int
refuse_write(const char *format, PyObject *name)
{
    const char *text = name != NULL && PyUnicode_Check(name)
                           ? PyUnicode_AsUTF8(name)
                           : NULL;
    char subject[200];
    PyErr_Clear();
    PyOS_snprintf(subject, sizeof(subject), format, text ? text : "?");
    if (_PyRestrict_RunsGuarded()) {
        return _PyRestrict_GuardAttribute(subject);
    }
    PyErr_Format(PyExc_TypeError, "read-only: %s", subject);
    return -1;
}

/* Keys are exact strings: no method of the guest runs in a look-up. */
static PyObject *
sealed_subscript(PyObject *self, PyObject *key)
{
    PyObject *value = NULL;
    if (PyUnicode_CheckExact(key)
        && PyDict_GetItemRef(view_dict(self), key, &value) < 0)
    {
        return NULL;
    }
    if (value == NULL) {
        PyErr_SetObject(PyExc_KeyError, key);
    }
    return value;
}

static int
sealed_contains(PyObject *self, PyObject *key)
{
    return PyUnicode_CheckExact(key) && PyDict_Contains(view_dict(self), key);
}

static int
sealed_ass_subscript(PyObject *Py_UNUSED(self), PyObject *key,
                     PyObject *Py_UNUSED(value))
{
    return refuse_write("builtins['%s'] = ...", key);
}

static PyObject *
sealed_inplace_or(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(other))
{
    refuse_write("builtins |= ...", NULL);
    return NULL;
}

/* What a dict would have to change it. */
static int
is_writer(PyObject *name)
{
    static const char *const names[] = {
        "clear", "pop", "popitem", "setdefault", "update",
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        if (_PyUnicode_EqualToASCIIString(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

/* `__builtins__` may be a module, so code reads attributes of it. */
static PyObject *
sealed_getattro(PyObject *self, PyObject *name)
{
    if (is_writer(name)) {
        refuse_write("builtins.%s", name);
        return NULL;
    }
    PyObject *value = PyObject_GenericGetAttr(self, name);
    if (value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)
        && sealed_contains(self, name))
    {
        PyErr_Clear();
        return sealed_subscript(self, name);
    }
    return value;
}

static int
sealed_setattro(PyObject *Py_UNUSED(self), PyObject *name,
                PyObject *Py_UNUSED(value))
{
    return refuse_write("builtins.%s = ...", name);
}

static PyObject *
sealed_iter(PyObject *self)
{
    PyObject *keys = PyDict_Keys(view_dict(self));
    PyObject *iter = keys != NULL ? PyObject_GetIter(keys) : NULL;
    Py_XDECREF(keys);
    return iter;
}

static PyObject *
sealed_repr(PyObject *Py_UNUSED(self))
{
    return PyUnicode_FromString("<sealed builtins>");
}

static PyObject *
sealed_keys(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Keys(view_dict(self));
}

static PyObject *
sealed_values(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Values(view_dict(self));
}

static PyObject *
sealed_items(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Items(view_dict(self));
}

static PyObject *
sealed_get(PyObject *self, PyObject *args)
{
    PyObject *key, *otherwise = Py_None;
    if (!PyArg_ParseTuple(args, "O|O:get", &key, &otherwise)) {
        return NULL;
    }
    return sealed_contains(self, key) ? sealed_subscript(self, key)
                                      : Py_NewRef(otherwise);
}

static PyMethodDef sealed_methods[] = {
    {"keys", sealed_keys, METH_NOARGS, "A list of the names."},
    {"values", sealed_values, METH_NOARGS, "A list of the objects."},
    {"items", sealed_items, METH_NOARGS, "A list of (name, object)."},
    {"get", sealed_get, METH_VARARGS,
     "The object of this name, or a default."},
    {NULL, NULL},
};

static PyType_Slot sealed_slots[] = {
    {Py_tp_doc, "The builtins of guarded code, to read."},
    {Py_tp_dealloc, sealed_dealloc},
    {Py_tp_traverse, sealed_traverse},
    {Py_tp_getattro, sealed_getattro},
    {Py_tp_setattro, sealed_setattro},
    {Py_tp_iter, sealed_iter},
    {Py_tp_repr, sealed_repr},
    {Py_tp_methods, sealed_methods},
    {Py_mp_length, sealed_length},
    {Py_mp_subscript, sealed_subscript},
    {Py_mp_ass_subscript, sealed_ass_subscript},
    {Py_nb_inplace_or, sealed_inplace_or},
    {Py_sq_contains, sealed_contains},
    {0, NULL},
};

PyType_Spec _PyRestrict_SealedSpec = {
    .name = "restrict.SealedBuiltins",
    .basicsize = sizeof(sealed_view),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_MAPPING
             | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = sealed_slots,
};

/* The class is made in each interpreter; its length function is one. */
int
_PyRestrict_IsView(PyObject *obj)
{
    PyMappingMethods *mapping = Py_TYPE(obj)->tp_as_mapping;
    return mapping != NULL && mapping->mp_length == sealed_length;
}

/* The dict of a view, borrowed. */
PyObject *
_PyRestrict_ViewDict(PyObject *view)
{
    return view_dict(view);
}

PyObject *
_PyRestrict_NewView(PyObject *dict)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    return state != NULL ? alloc_view(state->sealed_type, dict) : NULL;
}

/* --- Sealing -------------------------------------------------------------------- */

/* Functions that look at the current frame, or read attributes by name, act
   for guarded code even when the host calls them -- under whatever name the
   guest has them. */
static int
must_carry(PyObject *value)
{
    static const char *const names[] = {
        "delattr", "dir",     "eval",   "exec",    "getattr",
        "globals", "hasattr", "locals", "setattr", "vars",
    };
    if (!PyCFunction_Check(value)) {
        return 0;
    }
    const char *name = ((PyCFunctionObject *)value)->m_ml->ml_name;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int
seal_item(PyObject *sealed, PyObject *key, PyObject *value)
{
    if (!PyUnicode_CheckExact(key)) {
        PyErr_Format(PyExc_TypeError,
                     "builtins must have names as keys, not '%.100s'",
                     Py_TYPE(key)->tp_name);
        return -1;
    }
    if (!must_carry(value)) {
        return 0;
    }
    PyObject *carried = _PyRestrict_CarryFor(value, sealed);
    int err = carried != NULL ? PyDict_SetItem(sealed, key, carried) : -1;
    Py_XDECREF(carried);
    return err;
}

/* Replacing a value does not disturb the iteration. */
static int
seal_items(PyObject *sealed)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(sealed, &pos, &key, &value)) {
        if (seal_item(sealed, key, value) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A view of a marked copy of the mapping; of itself, if it is a view. */
PyObject *
_PyRestrict_Seal(PyObject *builtins)
{
    if (_PyRestrict_IsView(builtins)) {
        return Py_NewRef(builtins);
    }
    if (!PyMapping_Check(builtins) || PyType_Check(builtins)
        || PyUnicode_Check(builtins))
    {
        PyErr_Format(PyExc_TypeError,
                     "builtins must be a mapping of names, not '%.100s'",
                     Py_TYPE(builtins)->tp_name);
        return NULL;
    }
    PyObject *view = NULL;
    PyObject *sealed = PyDict_New();
    if (sealed != NULL && PyDict_Update(sealed, builtins) == 0
        && seal_items(sealed) == 0)
    {
        _PyRestrict_Mark(sealed);
        _PyRestrict_PutInUse();
        _PyInterpreterState_GET()->feature_flags |= _PyRestrict_GUARDED_USED;
        view = _PyRestrict_NewView(sealed);
    }
    Py_XDECREF(sealed);
    return view;
}

/* --- What a guest imports ---------------------------------------------------------- */

static PyObject *
module_getattro(PyObject *self, PyObject *name)
{
    PyObject *value;
    if (PyDict_GetItemRef(view_dict(self), name, &value) != 0) {
        PyObject *guest = value != NULL && must_carry(value)
                              ? _PyRestrict_RunningBuiltins()
                              : NULL;
        if (guest != NULL) {
            Py_SETREF(value, _PyRestrict_CarryFor(value, guest));
        }
        return value;
    }
    return PyObject_GenericGetAttr(self, name);
}

static int
module_setattro(PyObject *Py_UNUSED(self), PyObject *name,
                PyObject *Py_UNUSED(value))
{
    return refuse_write("module.%s = ...", name);
}

static PyObject *
module_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Keys(view_dict(self));
}

static PyObject *
module_repr(PyObject *self)
{
    PyObject *name = PyDict_GetItemString(view_dict(self), "__name__");
    return name != NULL ? PyUnicode_FromFormat("<guarded module %R>", name)
                        : PyUnicode_FromString("<guarded module>");
}

static PyMethodDef module_methods[] = {
    {"__dir__", module_dir, METH_NOARGS, "What can be read."},
    {NULL, NULL},
};

static PyType_Slot module_slots[] = {
    {Py_tp_doc, "A module as guarded code sees it."},
    {Py_tp_dealloc, sealed_dealloc},
    {Py_tp_traverse, sealed_traverse},
    {Py_tp_getattro, module_getattro},
    {Py_tp_setattro, module_setattro},
    {Py_tp_repr, module_repr},
    {Py_tp_methods, module_methods},
    {0, NULL},
};

PyType_Spec _PyRestrict_ModuleSpec = {
    .name = "restrict.Module",
    .basicsize = sizeof(sealed_view),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = module_slots,
};

/* A module with the attributes of the dict, which the host may still fill. */
PyObject *
_PyRestrict_NewModule(PyObject *dict)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    return state != NULL ? alloc_view(state->module_type, dict) : NULL;
}

#endif /* WITH_RESTRICTED */
