/* What guarded code may not read, or set, of the objects that it shares with
   the host: one row for each attribute.

   The rows are put in force once for the whole process, when its first
   interpreter is ready and before any other code runs.  The getter of a row is
   replaced, in the type's own table, by one that asks who is running and then
   calls it; whatever road leads to the attribute ends there.  A member, which
   has no getter, gets a flag that member_get() tests and that forbids the
   specialiser to read the field by itself. */

#include "Python.h"
#include "pycore_descrobject.h"   // _PyMethodWrapper_Type
#include "pycore_interp.h"
#include "pycore_restrict.h"
#include "structmember.h"         // PyMemberDef

#ifdef WITH_RESTRICTED

enum { READ = 1, WRITE = 2, BOTH = 3 };

struct attribute {
    PyTypeObject *type;
    const char *name;
    int guarded;                    // reading, setting
    // The original, for a getset:
    getter get;
    setter set;
    void *closure;
};

static struct attribute attributes[] = {
    // The code, the variables and the namespace of a function (002).
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
    {&_PyWeakref_RefType, "__callback__", READ},
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
    // The namespace of a module; the class of an object, to set (001).
    {&PyModule_Type, "__dict__", READ},
    {&PyType_Type, "__abstractmethods__", WRITE},
    {&PyType_Type, "__bases__", WRITE},
    {NULL},
};

/* The classes of exceptions are known by variables only. */
static struct attribute attribute_error_obj = {NULL, "obj", READ};

/* --- In place of the getters -------------------------------------------------- */

static int
refuse(const struct attribute *attribute)
{
    char subject[200];
    PyOS_snprintf(subject, sizeof(subject), "%s.%s",
                  attribute->type->tp_name, attribute->name);
    return _PyRestrict_GuardAttribute(subject);
}

static PyObject *
guarded_get(PyObject *self, void *closure)
{
    struct attribute *attribute = closure;
    if ((attribute->guarded & READ) && _PyRestrict_RunsGuarded()) {
        refuse(attribute);
        return NULL;
    }
    return attribute->get(self, attribute->closure);
}

static int
guarded_set(PyObject *self, PyObject *value, void *closure)
{
    struct attribute *attribute = closure;
    if ((attribute->guarded & WRITE) && _PyRestrict_RunsGuarded()) {
        return refuse(attribute);
    }
    return attribute->set(self, value, attribute->closure);
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
            return 1;               // the program initialized Python before
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

/* Called by the main interpreter, before any other is made.  A row without its attribute is an
   error: nothing may go unguarded because a release renamed it. */
int
_PyRestrict_PlaceGuards(void)
{
    for (struct attribute *row = attributes; row->type != NULL; row++) {
        if (place(row) < 0) {
            return -1;
        }
    }
    attribute_error_obj.type = (PyTypeObject *)PyExc_AttributeError;
    return place(&attribute_error_obj);
}

#endif  /* WITH_RESTRICTED */
