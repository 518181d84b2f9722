/* The surface: what exists in a restricted interpreter.

   The table (Python/restrict_surface/, one reviewed row for each name that C
   code implements, generated into restrict_surface_data.h) is asked at the
   few places where upstream fills the dict of a type or of a module.  A name
   whose row says `allow` is added as usual.  One whose row says `refuse` is
   there, but as a descriptor or function that records a denial and raises.
   A name without a row is not added at all: it does not exist, and there is
   no attribute look-up, format string, match statement, descriptor call or
   specialised opcode that could find it.

   Types are filled anew in every interpreter (static ones too, since 3.12),
   so this costs when an interpreter is made and nothing when it runs. */

#include "Python.h"
#include "pycore_restrict.h"
#include "structmember.h"  // PyMemberDef

#ifdef WITH_RESTRICTED

struct _restrict_row {
    const char *name;
    const char *reason;  // "" where it is obvious
    _PyRestrict_Verdict verdict;
    int is_path;  // refused as a file would be
};

struct _restrict_group {
    const char *name;                  // tp_name, or a module's name
    const struct _restrict_row *rows;  // sorted by name
    int n_rows;
};

#include "restrict_surface_data.h"  // type_groups[], module_groups[]

/* --- Looking up ---------------------------------------------------------- */

static const struct _restrict_group *
find_group(const struct _restrict_group *groups, size_t n, const char *name)
{
    return bsearch(name, groups, n, sizeof(*groups), _PyRestrict_CompareName);
}

static const struct _restrict_group *
module_group(const char *name)
{
    return find_group(module_groups, Py_ARRAY_LENGTH(module_groups), name);
}

/* Each interpreter asks for the same names again: where a row was found last.
   A hint is checked, so it does not matter whose it is. */
static uint16_t hints[8192];

static uint16_t *
hint_for(const struct _restrict_group *group, const char *name)
{
    uint64_t key = (uintptr_t)name ^ ((uint64_t)(uintptr_t)group << 20);
    return &hints[(key * 0x9E3779B97F4A7C15u) >> 51];
}

static const struct _restrict_row *
search_row(const struct _restrict_group *group, const char *name)
{
    return bsearch(name, group->rows, (size_t)group->n_rows,
                   sizeof(*group->rows), _PyRestrict_CompareName);
}

static const struct _restrict_row *
find_row(const struct _restrict_group *group, const char *name)
{
    if (group == NULL) {
        return NULL;
    }
    uint16_t *hint = hint_for(group, name);
    int i = _Py_atomic_load_uint16_relaxed(hint);
    if (i < group->n_rows && strcmp(group->rows[i].name, name) == 0) {
        return &group->rows[i];
    }
    const struct _restrict_row *row = search_row(group, name);
    if (row != NULL) {
        _Py_atomic_store_uint16_relaxed(hint, (uint16_t)(row - group->rows));
    }
    return row;
}

/* The names of a static type are asked for one after the other: remember its
   group.  Names of heap types come and go, and their addresses are used
   again. */
static const struct _restrict_group *
type_group(struct _restrict_surface *surface, PyTypeObject *type)
{
    int is_static = !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE);
    if (is_static && surface->owner == type) {
        return surface->group;
    }
    surface->owner = is_static ? type : NULL;
    surface->group = find_group(type_groups, Py_ARRAY_LENGTH(type_groups),
                                type->tp_name);
    return surface->group;
}

/* Has this module a group in the table? */
int
_PyRestrict_IsReviewedModule(const char *name)
{
    return module_group(name) != NULL;
}

/* --- What C code offers -------------------------------------------------- */

/* Set by the surface check for the interpreters that its thread makes. */
static _Thread_local struct _restrict_names *offered;

/* From now on, note on this thread each name that C code offers to a type or
   module, as "type\tOWNER\tNAME" or "module\tOWNER\tNAME", whatever its row
   says.  NULL: stop. */
void
_PyRestrict_CollectOffered(struct _restrict_names *names)
{
    offered = names;
}

static _PyRestrict_Verdict
find_verdict(const char *kind, const char *owner,
             const struct _restrict_group *group, const char *name,
             const struct _restrict_row **row)
{
    if (offered != NULL) {
        char line[400];
        PyOS_snprintf(line, sizeof(line), "%s\t%s\t%s", kind, owner, name);
        (void)_PyRestrict_NamesAdd(offered, line);
    }
    *row = find_row(group, name);
    return *row != NULL ? (*row)->verdict : _PyRestrict_ABSENT;
}

/* --- Refusing attributes ------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    const char *owner;  // of the table: lives for ever
    const char *name;
} refused_descr;

static int
refuse_attribute(PyObject *self)
{
    refused_descr *descr = (refused_descr *)self;
    char subject[200];
    PyOS_snprintf(subject, sizeof(subject), "%s.%s", descr->owner,
                  descr->name);
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_ATTRIBUTE,
        .capability = "attribute",
        .subject = subject,
    });
}

static PyObject *
refused_get(PyObject *self, PyObject *Py_UNUSED(obj),
            PyObject *Py_UNUSED(type))
{
    refuse_attribute(self);
    return NULL;
}

static int
refused_set(PyObject *self, PyObject *Py_UNUSED(obj),
            PyObject *Py_UNUSED(value))
{
    return refuse_attribute(self);
}

static PyObject *
refused_repr(PyObject *self)
{
    refused_descr *descr = (refused_descr *)self;
    return PyUnicode_FromFormat("<refused attribute '%s' of '%s' objects>",
                                descr->name, descr->owner);
}

/* A data descriptor, so that nothing in an instance's dict goes before it. */
PyTypeObject _PyRestrict_RefusedDescr_Type = {
    // clang-format off
    PyVarObject_HEAD_INIT(&PyType_Type, 0)
        // clang-format on
        .tp_name = "refused_attribute",
    .tp_basicsize = sizeof(refused_descr),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = (destructor)PyObject_Free,
    .tp_repr = refused_repr,
    .tp_descr_get = refused_get,
    .tp_descr_set = refused_set,
};

static int
add_refused(PyObject *dict, const char *owner, const char *name)
{
    refused_descr *descr = PyObject_New(refused_descr,
                                        &_PyRestrict_RefusedDescr_Type);
    if (descr == NULL) {
        return -1;
    }
    descr->owner = owner;
    descr->name = name;
    int err = PyDict_SetItemString(dict, name, (PyObject *)descr);
    Py_DECREF(descr);
    return err;
}

/* --- Hooks --------------------------------------------------------------- */

/* Made by a class statement: what is in it is the guest's own, apart from the
   slots and the __dict__ and __weakref__ that every class gets. */
int
_PyRestrict_IsClassStatement(PyTypeObject *type)
{
    return PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)
           && ((PyHeapTypeObject *)type)->_ht_tpname == NULL;
}

/* May `name` be added to the dict of the type?  1: yes.  0: no, and if it is
   refused, what refuses is there now.  -1: error. */
int
_PyRestrict_TypeRow(PyTypeObject *type, PyObject *dict, const char *name)
{
    struct _restrict_surface *surface = &_PyRestrict_GetState()->surface;
    if (surface->off || _PyRestrict_IsClassStatement(type)) {
        return 1;
    }
    const struct _restrict_group *group = type_group(surface, type);
    const struct _restrict_row *row;
    switch (find_verdict("type", type->tp_name, group, name, &row)) {
    case _PyRestrict_ALLOWED:
        return 1;
    case _PyRestrict_REFUSED:
        return add_refused(dict, group->name, name);
    default:
        return 0;
    }
}

/* Whoever starts a thread knows its name by `threading`, not by what that
   calls. */
static int
is_of_threads(const char *subject)
{
    return strncmp(subject, "_thread.", strlen("_thread.")) == 0;
}

static PyObject *
refuse_call(PyObject *self, PyObject *Py_UNUSED(args),
            PyObject *Py_UNUSED(kwargs))
{
    const char *subject = PyUnicode_AsUTF8(self);
    _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_CALL,
        .capability = "call",
        .subject = subject,
        .message = is_of_threads(subject) ? "threads are not allowed here"
                                          : NULL,
    });
    return NULL;
}

/* A function whose row says [path]: an error as of files, which code that
   copes with a path out of reach handles already.  But what is refused is the
   function, whatever is granted. */
static PyObject *
refuse_path(PyObject *self, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *path = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0)
                                                : Py_None;
    int is_path = PyUnicode_Check(path) || PyBytes_Check(path);
    char message[100];
    const char *subject = PyUnicode_AsUTF8(self);
    PyOS_snprintf(message, sizeof(message), "call '%s' is not allowed here",
                  subject);
    _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_PERMISSION,
        .capability = "call",
        .subject = subject,
        .message = message,
        .filename = is_path ? path : Py_None,
    });
    return NULL;
}

static PyMethodDef refused_functions[] = {
    {"refused", _PyCFunction_CAST(refuse_call), METH_VARARGS | METH_KEYWORDS,
     "The policy does not allow this call."},
    {"refused", _PyCFunction_CAST(refuse_path), METH_VARARGS | METH_KEYWORDS,
     "The policy does not allow this path."},
};

static int
add_refused_function(PyObject *module, PyObject *module_name,
                     const struct _restrict_row *row)
{
    PyObject *subject = PyUnicode_FromFormat("%U.%s", module_name, row->name);
    if (subject == NULL) {
        return -1;
    }
    PyObject *func = PyCFunction_NewEx(&refused_functions[row->is_path],
                                       subject, module_name);
    Py_DECREF(subject);
    if (func == NULL) {
        return -1;
    }
    int err = PyObject_SetAttrString(module, row->name, func);
    Py_DECREF(func);
    return err;
}

static PyMethodDef *const os_functions[] = {
    _PyRestrict_OsProcessFunctions,    _PyRestrict_OsStatFunctions,
    _PyRestrict_OsFolderFunctions,     _PyRestrict_OsNameFunctions,
    _PyRestrict_OsDescriptorFunctions, NULL,
};

static PyMethodDef *const socket_functions[] = {
    _PyRestrict_NameFunctions,
    _PyRestrict_NetInfoFunctions,
    NULL,
};

static PyMethodDef *
find_function(PyMethodDef *const *tables, const char *name)
{
    for (; *tables != NULL; tables++) {
        for (PyMethodDef *def = *tables; def->ml_name != NULL; def++) {
            if (strcmp(def->ml_name, name) == 0) {
                return def;
            }
        }
    }
    return NULL;
}

/* Our own function has the place of upstream's. */
static int
add_guarded_function(PyObject *module, PyObject *module_name,
                     const struct _restrict_row *row)
{
    int is_socket = module_name != NULL
                    && PyUnicode_CompareWithASCIIString(module_name, "_socket")
                           == 0;
    PyMethodDef *def =
        find_function(is_socket ? socket_functions : os_functions, row->name);
    if (def == NULL) {
        return add_refused_function(module, module_name, row);
    }
    PyObject *func = PyCFunction_NewEx(def, module, module_name);
    if (func == NULL) {
        return -1;
    }
    int err = PyObject_SetAttrString(module, row->name, func);
    Py_DECREF(func);
    return err;
}

/* The same for the functions of a module. */
int
_PyRestrict_FunctionRow(PyObject *module, PyObject *module_name,
                        PyMethodDef *def)
{
    if (_PyRestrict_GetState()->surface.off) {
        return 1;
    }
    const char *name = PyUnicode_AsUTF8(module_name);
    if (name == NULL) {
        return -1;
    }
    if (strcmp(name, "sys") == 0) {
        return 1;  // it copies its own functions; it is filtered whole
    }
    const struct _restrict_row *row;
    switch (
        find_verdict("module", name, module_group(name), def->ml_name, &row))
    {
    case _PyRestrict_ALLOWED:
        return 1;
    case _PyRestrict_GUARDED:
        return add_guarded_function(module, module_name, row);
    case _PyRestrict_REFUSED:
        return add_refused_function(module, module_name, row);
    default:
        return 0;
    }
}

/* Every module has these; a row for each would say nothing. */
static int
is_module_header(const char *name)
{
    static const char *const header[] = {
        "__doc__", "__loader__", "__name__", "__package__", "__spec__",
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(header); i++) {
        if (strcmp(name, header[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One name of a module that is filtered whole. */
static int
filter_name(PyObject *module, const char *module_name,
            const struct _restrict_group *group, PyObject *key)
{
    const char *name = PyUnicode_AsUTF8(key);
    const struct _restrict_row *row;
    if (name == NULL) {
        return -1;
    }
    if (is_module_header(name)) {
        return 0;
    }
    switch (find_verdict("module", module_name, group, name, &row)) {
    case _PyRestrict_ABSENT:
        return PyDict_DelItem(PyModule_GetDict(module), key);
    case _PyRestrict_GUARDED:
        // Others have it already, from _PyRestrict_FunctionRow().
        return strcmp(module_name, "sys") == 0
                   ? add_guarded_function(module, NULL, row)
                   : 0;
    default:
        return 0;
    }
}

/* Remove from a C module, made but not yet seen by the guest, each attribute
   without a row: constants, types and what its exec slots added. */
int
_PyRestrict_FilterModule(PyObject *module, const char *name)
{
    if (_PyRestrict_GetState()->surface.off) {
        return 0;
    }
    const struct _restrict_group *group = module_group(name);
    PyObject *keys = PyDict_Keys(PyModule_GetDict(module));
    if (keys == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys); i++) {
        if (filter_name(module, name, group, PyList_GET_ITEM(keys, i)) < 0) {
            Py_DECREF(keys);
            return -1;
        }
    }
    Py_DECREF(keys);
    return 0;
}

/* --- For the surface check ----------------------------------------------- */

static int
list_groups(PyObject *list, const char *kind,
            const struct _restrict_group *groups, size_t n)
{
    static const char *const verdicts[] = {"absent", "allow", "refuse",
                                           "guard"};
    for (size_t i = 0; i < n; i++) {
        for (int j = 0; j < groups[i].n_rows; j++) {
            const struct _restrict_row *row = &groups[i].rows[j];
            PyObject *item = Py_BuildValue("(sssss)", kind, groups[i].name,
                                           row->name, verdicts[row->verdict],
                                           row->reason);
            if (item == NULL || PyList_Append(list, item) < 0) {
                Py_XDECREF(item);
                return -1;
            }
            Py_DECREF(item);
        }
    }
    return 0;
}

/* A list of (kind, group, name, verdict, reason), for the trusted side. */
PyObject *
_PyRestrict_ListSurface(void)
{
    PyObject *list = PyList_New(0);
    if (list != NULL
        && (list_groups(list, "type", type_groups,
                        Py_ARRAY_LENGTH(type_groups))
                < 0
            || list_groups(list, "module", module_groups,
                           Py_ARRAY_LENGTH(module_groups))
                   < 0))
    {
        Py_CLEAR(list);
    }
    return list;
}

#endif /* WITH_RESTRICTED */
