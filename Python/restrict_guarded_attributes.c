/* What guarded code may not read, or set, of the objects that it shares with
   the host: one row for each attribute.

   The rows are put in force once for the whole process, when its first
   interpreter is ready and before any other code runs.  The getter of a row is
   replaced, in the type's own table, by one that asks who is running and then
   calls it; whatever road leads to the attribute ends there.  A member, which
   has no getter, gets a flag that member_get() tests and that forbids the
   specialiser to read the field by itself. */

#include "Python.h"
#include "pycore_descrobject.h"  // _PyMethodWrapper_Type
#include "pycore_interp.h"
#include "pycore_restrict.h"
#include "structmember.h"  // PyMemberDef

#ifdef WITH_RESTRICTED

enum { READ = 1, WRITE = 2, BOTH = 3 };

struct attribute {
    PyTypeObject *type;
    const char *name;
    int guarded;                     // reading, setting
    int (*is_free)(PyObject *self);  // NULL: guarded on every object
    // The original, for a getset:
    getter get;
    setter set;
    void *closure;
};

static int
is_guests_function(PyObject *self)
{
    return _PyRestrict_IS_GUESTS(self);
}

static int
is_guests_class(PyObject *self)
{
    return PyType_HasFeature((PyTypeObject *)self, _PyRestrict_TPFLAG_GUARDED);
}

/* Made by a class statement, by whomever: there is nothing in it but what the
   statement put there.  The dict of a class made in C has methods that must
   not be taken out as they are (restrict_guarded_carry.c). */
static int
is_python_class(PyObject *self)
{
    return _PyRestrict_IsClassStatement((PyTypeObject *)self);
}

static struct attribute attributes[] = {
    // The code, the variables and the namespace of a function (002).
    {&PyFunction_Type, "__annotations__", BOTH, is_guests_function},
    {&PyFunction_Type, "__builtins__", READ},
    {&PyFunction_Type, "__closure__", READ},
    {&PyFunction_Type, "__code__", BOTH},
    {&PyFunction_Type, "__defaults__", BOTH},
    {&PyFunction_Type, "__dict__", BOTH},
    {&PyFunction_Type, "__globals__", READ},
    {&PyFunction_Type, "__kwdefaults__", BOTH},
    {&PyCell_Type, "cell_contents", BOTH},
    // What is bound to it or wrapped by it (002).
    {&PyCFunction_Type, "__self__", READ},
    {&PyMethod_Type, "__func__", READ},
    {&PyMethod_Type, "__self__", READ},
    {&PyInstanceMethod_Type, "__func__", READ},
    {&_PyMethodWrapper_Type, "__objclass__", READ},
    {&_PyMethodWrapper_Type, "__self__", READ},
    {&PyClassMethod_Type, "__dict__", BOTH},
    {&PyClassMethod_Type, "__func__", READ},
    {&PyClassMethod_Type, "__wrapped__", READ},
    {&PyStaticMethod_Type, "__dict__", BOTH},
    {&PyStaticMethod_Type, "__func__", READ},
    {&PyStaticMethod_Type, "__wrapped__", READ},
    {&PyProperty_Type, "fdel", READ},
    {&PyProperty_Type, "fget", READ},
    {&PyProperty_Type, "fset", READ},
    {&PySuper_Type, "__self__", READ},
    {&_PyWeakref_RefType, "__callback__", READ},
    // Behind a read-only view.
    {&PyDictItems_Type, "mapping", READ},
    {&PyDictKeys_Type, "mapping", READ},
    {&PyDictValues_Type, "mapping", READ},
    {&PyMemoryView_Type, "obj", READ},
    // Of descriptors.
    {&PyMethodDescr_Type, "__objclass__", READ},
    {&PyWrapperDescr_Type, "__objclass__", READ},
    {&PyGetSetDescr_Type, "__objclass__", READ},
    {&PyMemberDescr_Type, "__objclass__", READ},
    {&PyClassMethodDescr_Type, "__objclass__", READ},
    // Frames, and what leads to one (000, 002).
    {&PyFrame_Type, "f_back", READ},
    {&PyFrame_Type, "f_builtins", READ},
    {&PyFrame_Type, "f_code", READ},
    {&PyFrame_Type, "f_globals", READ},
    {&PyFrame_Type, "f_locals", READ},
    {&PyFrame_Type, "f_trace", BOTH},
    {&PyFrame_Type, "f_trace_opcodes", BOTH},
    {&PyTraceBack_Type, "tb_frame", READ},
    {&PyTraceBack_Type, "tb_next", WRITE},
    {&PyGen_Type, "gi_code", READ},
    {&PyGen_Type, "gi_frame", READ},
    {&PyGen_Type, "gi_yieldfrom", READ},
    {&PyCoro_Type, "cr_await", READ},
    {&PyCoro_Type, "cr_code", READ},
    {&PyCoro_Type, "cr_frame", READ},
    {&PyCoro_Type, "cr_origin", READ},
    {&PyAsyncGen_Type, "ag_await", READ},
    {&PyAsyncGen_Type, "ag_code", READ},
    {&PyAsyncGen_Type, "ag_frame", READ},
    // Bytecode, and the names and constants of other code (002).
    {&PyCode_Type, "_co_code_adaptive", READ},
    {&PyCode_Type, "co_cellvars", READ},
    {&PyCode_Type, "co_code", READ},
    {&PyCode_Type, "co_consts", READ},
    {&PyCode_Type, "co_exceptiontable", READ},
    {&PyCode_Type, "co_filename", READ},
    {&PyCode_Type, "co_freevars", READ},
    {&PyCode_Type, "co_linetable", READ},
    {&PyCode_Type, "co_lnotab", READ},
    {&PyCode_Type, "co_names", READ},
    {&PyCode_Type, "co_varnames", READ},
    // Namespaces; the class of an object, to set (001).
    {&PyModule_Type, "__annotations__", BOTH},
    {&PyModule_Type, "__dict__", READ},
    {&PyType_Type, "__abstractmethods__", WRITE},
    {&PyType_Type, "__annotations__", BOTH, is_guests_class},
    {&PyType_Type, "__bases__", WRITE},
    {&PyType_Type, "__dict__", READ, is_python_class},
    {&PyType_Type, "__doc__", WRITE, is_guests_class},
    {&PyType_Type, "__module__", WRITE, is_guests_class},
    {&PyType_Type, "__name__", WRITE, is_guests_class},
    {&PyType_Type, "__qualname__", WRITE, is_guests_class},
    {&PyType_Type, "__type_params__", WRITE, is_guests_class},
    {NULL},
};

/* The classes of exceptions are known by variables only. */
static struct attribute attribute_error_obj = {NULL, "obj", READ, NULL};

/* --- In place of the getters -------------------------------------------------- */

static int
refuse(const struct attribute *attribute)
{
    char subject[200];
    PyOS_snprintf(subject, sizeof(subject), "%s.%s", attribute->type->tp_name,
                  attribute->name);
    return _PyRestrict_GuardAttribute(subject);
}

static int
is_guarded(const struct attribute *attribute, int access, PyObject *self)
{
    return (attribute->guarded & access) && _PyRestrict_RunsGuarded()
           && (attribute->is_free == NULL || !attribute->is_free(self));
}

static PyObject *
guarded_get(PyObject *self, void *closure)
{
    struct attribute *attribute = closure;
    if (is_guarded(attribute, READ, self)) {
        refuse(attribute);
        return NULL;
    }
    return attribute->get(self, attribute->closure);
}

static int
guarded_set(PyObject *self, PyObject *value, void *closure)
{
    struct attribute *attribute = closure;
    if (is_guarded(attribute, WRITE, self)) {
        return refuse(attribute);
    }
    return attribute->set(self, value, attribute->closure);
}

/* --- What has no getter --------------------------------------------------------- */

/* The dict of a partial or lru_cache object has the function behind it. */
PyObject *
_PyRestrict_CallableDict(PyObject *self, void *closure)
{
    if (_PyRestrict_RunsGuarded()) {
        char subject[200];
        PyOS_snprintf(subject, sizeof(subject), "%s.__dict__",
                      Py_TYPE(self)->tp_name);
        _PyRestrict_GuardAttribute(subject);
        return NULL;
    }
    return PyObject_GenericGetDict(self, closure);
}

/* Functions and modules have attributes to set, whatever their name.  Those
   of its own functions the guest may set. */
int
_PyRestrict_GuardSetattr(PyTypeObject *type, PyObject *obj, PyObject *name)
{
    if ((type != &PyFunction_Type
         && type->tp_getattro != PyModule_Type.tp_getattro)
        || !_PyRestrict_RunsGuarded()
        || (PyFunction_Check(obj) && is_guests_function(obj)))
    {
        return 0;
    }
    const char *text = PyUnicode_AsUTF8(name);
    char subject[200];
    PyErr_Clear();
    PyOS_snprintf(subject, sizeof(subject), "%s.%s = ...",
                  Py_TYPE(obj)->tp_name, text != NULL ? text : "?");
    return _PyRestrict_GuardAttribute(subject);
}

/* What guarded code may not change does not change because it is copied: the
   protocol of copy.copy() lets an object name a function that returns the
   copy, and attributes for it. */
int
_PyRestrict_CheckState(PyObject *obj)
{
    int is_free = PyFunction_Check(obj) ? is_guests_function(obj)
                  : PyType_Check(obj)   ? is_guests_class(obj)
                                        : !PyModule_Check(obj);
    if (!_PyRestrict_GuardedUsed() || is_free) {
        return 0;
    }
    char subject[200];
    PyOS_snprintf(subject, sizeof(subject), "copy(...) of %s",
                  Py_TYPE(obj)->tp_name);
    return _PyRestrict_GuardAttribute(subject);
}

static struct iterator {
    PyTypeObject *type;
    PyCFunction reduce;
} iterators[] = {
    {&PyByteArrayIter_Type},
    {&PyCallIter_Type},
    {&PyDictIterItem_Type},
    {&PyDictIterKey_Type},
    {&PyDictIterValue_Type},
    {&PyDictRevIterItem_Type},
    {&PyDictRevIterKey_Type},
    {&PyDictRevIterValue_Type},
    {&PyEnum_Type},
    {&PyFilter_Type},
    {&PyListIter_Type},
    {&PyListRevIter_Type},
    {&PyMap_Type},
    {&PyODictIter_Type},
    {&PyReversed_Type},
    {&PySeqIter_Type},
    {&PySetIter_Type},
    {&PyTupleIter_Type},
    {&PyZip_Type},
    {NULL},
};

static PyObject *
guarded_reduce(PyObject *self, PyObject *ignored)
{
    const struct iterator *row = iterators;
    while (!PyObject_TypeCheck(self, row->type)) {
        row++;
    }
    if (_PyRestrict_RunsGuarded()) {
        char subject[200];
        PyOS_snprintf(subject, sizeof(subject), "%s.__reduce__",
                      row->type->tp_name);
        _PyRestrict_GuardAttribute(subject);
        return NULL;
    }
    return row->reduce(self, ignored);
}

/* --- Putting the rows in force --------------------------------------------------- */

static int
place_getset(struct attribute *attribute)
{
    PyGetSetDef *def = attribute->type->tp_getset;
    for (; def != NULL && def->name != NULL; def++) {
        if (strcmp(def->name, attribute->name) != 0) {
            continue;
        }
        if (def->closure == attribute) {
            return 1;  // the program initialized Python before
        }
        attribute->get = def->get;
        attribute->set = def->set;
        attribute->closure = def->closure;
        def->closure = attribute;
        def->get = def->get != NULL ? guarded_get : NULL;
        def->set = def->set != NULL ? guarded_set : NULL;
        return 1;
    }
    return 0;
}

static int
place_member(struct attribute *attribute)
{
    PyMemberDef *def = attribute->type->tp_members;
    for (; def != NULL && def->name != NULL; def++) {
        if (strcmp(def->name, attribute->name) == 0) {
            def->flags |= _PyRestrict_MEMBER_GUARDED;
            return 1;
        }
    }
    return 0;
}

static int
place(struct attribute *attribute)
{
    if (place_getset(attribute) || place_member(attribute)) {
        return 0;
    }
    PyErr_Format(PyExc_SystemError, "no attribute to guard: %s.%s",
                 attribute->type->tp_name, attribute->name);
    return -1;
}

static PyMethodDef *
find_reduce(PyTypeObject *type)
{
    PyMethodDef *def = type->tp_methods;
    while (def->ml_name != NULL && strcmp(def->ml_name, "__reduce__") != 0) {
        def++;
    }
    return def;
}

/* Types may share a table of methods: look at all before changing any. */
static int
place_iterators(void)
{
    for (struct iterator *row = iterators; row->type != NULL; row++) {
        PyMethodDef *def = find_reduce(row->type);
        if (def->ml_name == NULL || def->ml_flags != METH_NOARGS) {
            PyErr_Format(PyExc_SystemError,
                         "no method to guard: "
                         "%s.__reduce__",
                         row->type->tp_name);
            return -1;
        }
        if (def->ml_meth == guarded_reduce) {
            return 0;  // the program initialized Python before
        }
        row->reduce = def->ml_meth;
    }
    for (struct iterator *row = iterators; row->type != NULL; row++) {
        find_reduce(row->type)->ml_meth = guarded_reduce;
    }
    return 0;
}

/* Called by the main interpreter, before any other is made.  A row without
   its attribute is an error: nothing may go unguarded because a release
   renamed it. */
int
_PyRestrict_PlaceGuards(void)
{
    for (struct attribute *row = attributes; row->type != NULL; row++) {
        if (place(row) < 0) {
            return -1;
        }
    }
    attribute_error_obj.type = (PyTypeObject *)PyExc_AttributeError;
    return place(&attribute_error_obj) < 0 ? -1 : place_iterators();
}

#endif /* WITH_RESTRICTED */
