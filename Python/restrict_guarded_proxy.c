/* Proxies: read-only views of the host's objects, for guarded code.

   A guest reads through a proxy and never holds what is behind it: results are
   data that cannot be changed, or proxies again.  It can call what is
   callable; proxies among the arguments are unwrapped then, and the result is
   wrapped.
   Of a built-in container exactly the methods listed here exist.

   An operator of the container would hand its elements to a method of the
   guest (`element == guest_object` asks both).  So what is compared with,
   looked up in or passed to a container must be inert
   (restrict_guarded_inert.c).

   A function of the guest's that is handed in is called by the host with its
   own objects.  So the host gets a callback in its place, which wraps them
   (restrict_guarded_callback.c). */

#include "Python.h"
#include "pycore_call.h"    // _PyStack_AsDict()
#include "pycore_ceval.h"   // _Py_EnterRecursiveCall()
#include "pycore_object.h"  // _PyObject_GC_TRACK()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

typedef struct {
    PyObject_HEAD
    PyObject *obj;
} proxy;

static void proxy_dealloc(PyObject *self);

/* The class is made in each interpreter; its deallocator is one. */
int
_PyRestrict_IsProxy(PyObject *obj)
{
    return Py_TYPE(obj)->tp_dealloc == proxy_dealloc;
}

/* Borrowed. */
static PyObject *
unwrap(PyObject *obj)
{
    return _PyRestrict_IsProxy(obj) ? ((proxy *)obj)->obj : obj;
}

static int
refuse(_PyRestrict_Kind kind, const char *format, const char *name)
{
    char subject[200];
    PyOS_snprintf(subject, sizeof(subject), format, name);
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = kind,
        .capability = kind == _PyRestrict_ATTRIBUTE ? "attribute" : "call",
        .subject = subject,
    });
}

/* --- Wrapping ---------------------------------------------------------------- */

static PyObject *wrap(PyObject *obj);

static PyObject *
wrap_tuple(PyObject *obj)
{
    Py_ssize_t n = PyTuple_GET_SIZE(obj);
    PyObject *result = PyTuple_New(n);
    for (Py_ssize_t i = 0; result != NULL && i < n; i++) {
        PyObject *item = wrap(PyTuple_GET_ITEM(obj, i));
        if (item == NULL) {
            Py_CLEAR(result);
            break;
        }
        PyTuple_SET_ITEM(result, i, item);
    }
    return result;
}

/* A list, the guest's own, of the wrapped items. */
static PyObject *
wrap_items(PyObject *iterable)
{
    PyObject *result = PySequence_List(iterable);
    Py_ssize_t n = result != NULL ? PyList_GET_SIZE(result) : 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = wrap(PyList_GET_ITEM(result, i));
        if (item == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        PyList_SetItem(result, i, item);
    }
    return result;
}

static PyObject *
new_proxy(PyObject *obj)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    PyObject *self = state != NULL
                         ? state->proxy_type->tp_alloc(state->proxy_type, 0)
                         : NULL;
    if (self != NULL) {
        ((proxy *)self)->obj = Py_NewRef(obj);
    }
    return self;
}

/* What the guest may hold of obj: a new reference. */
static PyObject *
wrap(PyObject *obj)
{
    if (_PyRestrict_IsAtom(obj) || _PyRestrict_IsProxy(obj)) {
        return Py_NewRef(obj);
    }
    PyObject *function = _PyRestrict_CallbackFunction(obj);
    if (function != NULL) {
        return Py_NewRef(function);
    }
    int is_view = PyDictViewSet_Check(obj) || PyDictValues_Check(obj);
    if (!is_view && !PyTuple_CheckExact(obj)) {
        return new_proxy(obj);
    }
    if (Py_EnterRecursiveCall(" while making a proxy")) {
        return NULL;
    }
    PyObject *result = is_view ? wrap_items(obj) : wrap_tuple(obj);
    Py_LeaveRecursiveCall();
    return result;
}

/* The same, and drop obj. */
static PyObject *
wrap_result(PyObject *obj)
{
    PyObject *result = obj != NULL ? wrap(obj) : NULL;
    Py_XDECREF(obj);
    return result;
}

/* --- What a guest may hand in ------------------------------------------------------ */

/* An argument for a container, borrowed: unwrapped, or NULL with TypeError. */
static PyObject *
container_argument(PyObject *arg)
{
    int inert = _PyRestrict_IsInert(arg);
    if (inert == 0) {
        PyErr_Format(PyExc_TypeError,
                     "a proxy takes plain data here, not '%.100s'",
                     Py_TYPE(arg)->tp_name);
    }
    return inert == 1 ? unwrap(arg) : NULL;
}

/* --- What is behind it --------------------------------------------------------------- */

static const char *const dict_methods[] = {"copy", "get",    "items",
                                           "keys", "values", NULL};
static const char *const list_methods[] = {"copy", "count", "index", NULL};
static const char *const set_methods[] = {
    "copy",     "difference", "intersection",         "isdisjoint",
    "issubset", "issuperset", "symmetric_difference", "union",
    NULL};
static const char *const bytearray_methods[] = {
    "count",   "decode",  "endswith",   "find",       "hex",
    "index",   "isalnum", "isalpha",    "isascii",    "isdigit",
    "islower", "isspace", "istitle",    "isupper",    "rfind",
    "rindex",  "split",   "splitlines", "startswith", NULL};

struct container {
    PyTypeObject *type;
    const char *const *methods;
};

static const struct container containers[] = {
    {&PyDict_Type, dict_methods},     {&PyList_Type, list_methods},
    {&PyTuple_Type, list_methods},    {&PySet_Type, set_methods},
    {&PyFrozenSet_Type, set_methods}, {&PyByteArray_Type, bytearray_methods},
};

/* The built-in container that it is, or is made from; NULL if none. */
static const struct container *
find_container(PyObject *obj)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(containers); i++) {
        if (PyType_IsSubtype(Py_TYPE(obj), containers[i].type)) {
            return &containers[i];
        }
    }
    return NULL;
}

/* Instances of classes written in Python, and modules, have attributes that
   the host meant to be read. */
static int
has_attributes(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    return PyModule_Check(obj) || PyType_Check(obj)
           || _PyRestrict_IsClassStatement(type);
}

static int
is_listed(const char *const *names, PyObject *name)
{
    for (; *names != NULL; names++) {
        if (_PyUnicode_EqualToASCIIString(name, *names)) {
            return 1;
        }
    }
    return 0;
}

static int
may_read(PyObject *obj, PyObject *name)
{
    if (PyUnicode_READ_CHAR(name, 0) == '_') {
        return 0;
    }
    const struct container *container = find_container(obj);
    if (container == NULL) {
        return has_attributes(obj);
    }
    // A class made from a container adds attributes, and those are the host's.
    return is_listed(container->methods, name)
           || (has_attributes(obj)
               && _PyType_Lookup(container->type, name) == NULL);
}

static int
is_special(PyObject *name)
{
    return PyUnicode_GET_LENGTH(name) > 2
           && PyUnicode_READ_CHAR(name, 0) == '_'
           && PyUnicode_READ_CHAR(name, 1) == '_';
}

/* --- Attributes ---------------------------------------------------------------------- */

static PyObject *
proxy_getattro(PyObject *self, PyObject *name)
{
    if (!PyUnicode_CheckExact(name) || PyUnicode_GET_LENGTH(name) == 0
        || is_special(name))
    {
        return PyObject_GenericGetAttr(self, name);
    }
    PyObject *obj = unwrap(self);
    if (!may_read(obj, name)) {
        refuse(_PyRestrict_ATTRIBUTE, "proxy.%s", PyUnicode_AsUTF8(name));
        return NULL;
    }
    return wrap_result(PyObject_GetAttr(obj, name));
}

static int
proxy_setattro(PyObject *Py_UNUSED(self), PyObject *name,
               PyObject *Py_UNUSED(value))
{
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    PyErr_Clear();
    return refuse(_PyRestrict_ATTRIBUTE, "proxy.%s = ...", text ? text : "?");
}

/* Is what gets the arguments the host's own code?  That is given what is
   behind proxies.  What a guest made, and C code, which does with anything
   what it is told to, are given the proxies. */
static int
is_hosts(PyObject *obj)
{
    PyTypeObject *type = PyType_Check(obj) ? (PyTypeObject *)obj
                                           : Py_TYPE(obj);
    return !_PyRestrict_IsGuestsCallable(obj)
           && !PyType_HasFeature(type, _PyRestrict_TPFLAG_GUARDED);
}

static PyObject *
unwrap_for(PyObject *receiver, PyObject *arg)
{
    return is_hosts(receiver) ? unwrap(arg) : arg;
}

/* --- Items --------------------------------------------------------------------------- */

static PyObject *
proxy_subscript(PyObject *self, PyObject *key)
{
    PyObject *obj = unwrap(self);
    if (find_container(obj) == NULL) {
        if (!has_attributes(obj)) {
            refuse(_PyRestrict_CALL, "proxy%s", "[...]");
            return NULL;
        }
        return wrap_result(PyObject_GetItem(obj, unwrap_for(obj, key)));
    }
    key = container_argument(key);
    if (key == NULL) {
        return NULL;
    }
    if (!PyDict_Check(obj)) {
        return wrap_result(PyObject_GetItem(obj, key));
    }
    // Not PyObject_GetItem(): a defaultdict would change.
    PyObject *value;
    if (PyDict_GetItemRef(obj, key, &value) == 0) {
        _PyErr_SetKeyError(key);
    }
    return wrap_result(value);
}

static int
proxy_ass_subscript(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(key),
                    PyObject *Py_UNUSED(value))
{
    return refuse(_PyRestrict_CALL, "proxy%s", "[...] = ...");
}

static int
proxy_contains(PyObject *self, PyObject *item)
{
    PyObject *obj = unwrap(self);
    if (find_container(obj) == NULL) {
        return has_attributes(obj)
                   ? PySequence_Contains(obj, unwrap_for(obj, item))
                   : refuse(_PyRestrict_CALL, "%s in proxy", "...");
    }
    item = container_argument(item);
    return item != NULL ? PySequence_Contains(obj, item) : -1;
}

static Py_ssize_t
proxy_length(PyObject *self)
{
    return PyObject_Size(unwrap(self));
}

static PyObject *
proxy_iter(PyObject *self)
{
    PyObject *obj = unwrap(self);
    if (find_container(obj) == NULL) {
        return wrap_result(PyObject_GetIter(obj));
    }
    PyObject *items = wrap_items(obj);
    PyObject *iter = items != NULL ? PyObject_GetIter(items) : NULL;
    Py_XDECREF(items);
    return iter;
}

static PyObject *
proxy_iternext(PyObject *self)
{
    PyObject *obj = unwrap(self);
    if (!PyIter_Check(obj)) {
        PyErr_SetString(PyExc_TypeError, "this proxy is not an iterator");
        return NULL;
    }
    return wrap_result(Py_TYPE(obj)->tp_iternext(obj));
}

/* --- Calling -------------------------------------------------------------------------- */

/* A method of a container that keeps or compares what it is given. */
static int
is_container_method(PyObject *callable)
{
    if (!PyCFunction_Check(callable)) {
        return 0;
    }
    PyObject *owner = PyCFunction_GET_SELF(callable);
    return owner != NULL && find_container(owner) != NULL;
}

static PyObject *
argument(PyObject *callable, PyObject *arg)
{
    if (is_container_method(callable)) {
        arg = container_argument(arg);
    }
    else if (_PyRestrict_IsGuestsCallable(arg)) {
        return _PyRestrict_NewCallback(arg);
    }
    else {
        arg = unwrap_for(callable, arg);
    }
    return Py_XNewRef(arg);
}

static PyObject *
unwrap_args(PyObject *callable, PyObject *args)
{
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    PyObject *result = PyTuple_New(n);
    for (Py_ssize_t i = 0; result != NULL && i < n; i++) {
        PyObject *arg = argument(callable, PyTuple_GET_ITEM(args, i));
        if (arg == NULL) {
            Py_CLEAR(result);
            break;
        }
        PyTuple_SET_ITEM(result, i, arg);
    }
    return result;
}

static PyObject *
unwrap_kwargs(PyObject *callable, PyObject *kwargs)
{
    PyObject *result = PyDict_New(), *name, *arg;
    Py_ssize_t pos = 0;
    while (result != NULL && kwargs != NULL
           && PyDict_Next(kwargs, &pos, &name, &arg))
    {
        PyObject *value = argument(callable, arg);
        if (value == NULL || PyDict_SetItem(result, name, value) < 0) {
            Py_CLEAR(result);
        }
        Py_XDECREF(value);
    }
    return result;
}

static PyObject *
proxy_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *callable = unwrap(self), *result = NULL;
    PyObject *given = unwrap_args(callable, args);
    PyObject *named = given != NULL ? unwrap_kwargs(callable, kwargs) : NULL;
    if (named != NULL) {
        result = wrap_result(PyObject_Call(callable, given, named));
    }
    Py_XDECREF(given);
    Py_XDECREF(named);
    return result;
}

/* --- The rest ------------------------------------------------------------------------- */

/* What compares item by item may come to an item of the guest's. */
static int
compares_hosts_alone(PyObject *obj)
{
    return find_container(obj) != NULL ? _PyRestrict_IsInert(obj)
                                       : is_hosts(obj);
}

static PyObject *
proxy_richcompare(PyObject *self, PyObject *other, int op)
{
    int inert = _PyRestrict_IsInert(other);
    if (inert == 1 && _PyRestrict_IsProxy(self)) {
        inert = compares_hosts_alone(unwrap(self));
    }
    if (inert == 1 && _PyRestrict_IsProxy(other)) {
        inert = compares_hosts_alone(unwrap(other));
    }
    if (inert < 0) {
        return NULL;
    }
    if (!inert || !_PyRestrict_IsProxy(self)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return wrap_result(PyObject_RichCompare(unwrap(self), unwrap(other), op));
}

static Py_hash_t
proxy_hash(PyObject *self)
{
    return PyObject_Hash(unwrap(self));
}

static int
proxy_bool(PyObject *self)
{
    return PyObject_IsTrue(unwrap(self));
}

static PyObject *
proxy_repr(PyObject *self)
{
    return PyObject_Repr(unwrap(self));
}

static PyObject *
proxy_str(PyObject *self)
{
    return PyObject_Str(unwrap(self));
}

static PyObject *
proxy_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *obj = unwrap(self);
    PyObject *result = PyList_New(0);
    PyObject *names = result != NULL ? PyObject_Dir(obj) : NULL;
    Py_ssize_t n = names != NULL ? PyList_GET_SIZE(names) : 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *name = PyList_GET_ITEM(names, i);
        if (PyUnicode_CheckExact(name) && PyUnicode_GET_LENGTH(name) > 0
            && may_read(obj, name) && PyList_Append(result, name) < 0)
        {
            Py_CLEAR(names);
            break;
        }
    }
    if (names == NULL) {
        Py_CLEAR(result);
    }
    Py_XDECREF(names);
    return result;
}

static int
proxy_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((proxy *)self)->obj);
    return 0;
}

static int
proxy_clear(PyObject *self)
{
    Py_XSETREF(((proxy *)self)->obj, Py_NewRef(Py_None));
    return 0;
}

static void
proxy_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((proxy *)self)->obj);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef proxy_methods[] = {
    {"__dir__", proxy_dir, METH_NOARGS, "What can be read."},
    {NULL, NULL},
};

static PyType_Slot proxy_slots[] = {
    {Py_tp_doc, "A read-only view of an object of the host."},
    {Py_tp_dealloc, proxy_dealloc},
    {Py_tp_traverse, proxy_traverse},
    {Py_tp_clear, proxy_clear},
    {Py_tp_getattro, proxy_getattro},
    {Py_tp_setattro, proxy_setattro},
    {Py_tp_call, proxy_call},
    {Py_tp_iter, proxy_iter},
    {Py_tp_iternext, proxy_iternext},
    {Py_tp_richcompare, proxy_richcompare},
    {Py_tp_hash, proxy_hash},
    {Py_tp_repr, proxy_repr},
    {Py_tp_str, proxy_str},
    {Py_tp_methods, proxy_methods},
    {Py_nb_bool, proxy_bool},
    {Py_mp_length, proxy_length},
    {Py_mp_subscript, proxy_subscript},
    {Py_mp_ass_subscript, proxy_ass_subscript},
    {Py_sq_contains, proxy_contains},
    {0, NULL},
};

PyType_Spec _PyRestrict_ProxySpec = {
    .name = "restrict.Proxy",
    .basicsize = sizeof(proxy),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = proxy_slots,
};

PyObject *
_PyRestrict_NewProxy(PyObject *obj)
{
    return wrap(obj);
}

PyObject *
_PyRestrict_Unproxy(PyObject *obj)
{
    return Py_NewRef(unwrap(obj));
}

#endif /* WITH_RESTRICTED */
