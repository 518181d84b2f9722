/* Import without importlib.

   Upstream's import.c asks an object, importlib's bootstrap module, for the
   four things it cannot do itself: find and load, handle the names after
   `from ... import`, wait for a module that is still being imported, and
   make a module's repr.  A restricted interpreter has an object of ours in
   that place, written in C.  It looks for a module, by its full dotted name,
   in this order:

     1. sys.modules;
     2. the allow-list: what the policy blocks is refused before anything
        else is looked at;
     3. standard-library source frozen into the binary, trusted because it
        was built with it;
     4. built-in C modules that the surface table reviews, or that the host
        allowed by name;
     5. extension modules that the host allowed by name, and loaded;
     6. folders that the host named, as source only.

   Anything else is refused, in the same words whether or not it exists.
   There are no .pyc files, no path hooks and no loaders to reach, and no
   shared library is opened here.  Deciding is done in restrict_modules.c. */

#include "Python.h"
#include "marshal.h"           // PyMarshal_ReadObjectFromString()
#include "pycore_ceval.h"      // _PyEval_EnsureBuiltins
#include "pycore_fileutils.h"  // _Py_read()
#include "pycore_frame.h"      // _PyFrame_GetCode()
#include "pycore_import.h"     // struct _frozen
#include "pycore_moduleobject.h"
#include "pycore_namespace.h"  // _PyNamespace_New()
#include "pycore_restrict.h"
#include "pycore_restrict_hold.h"
#include "pycore_restrict_modules.h"
#include "pycore_restrict_run.h"  // _PyRestrict_KeepSource()
#include <unistd.h>               // close()

#ifdef WITH_RESTRICTED

/* --- Finding source of the host's folders ---------------------------------------------- */

/* A module of a folder that the host named. */
struct source {
    int fd;  // of its file; the caller closes it
    int is_package;
    const struct _restrict_grant *folder;
    char file[PATH_MAX];  // relative to the folder
};

static int
find_in_folder(const struct _restrict_grant *folder, const char *name,
               struct source *source)
{
    static const char *const ends[] = {"/__init__.py", ".py"};
    for (int i = 0; i < 2; i++) {
        int len = PyOS_snprintf(source->file, PATH_MAX, "%.200s%s", name,
                                ends[i]);
        for (char *p = source->file; p < source->file + len; p++) {
            if (*p == '.' && p < source->file + strlen(name)) {
                *p = '/';
            }
        }
        source->fd = _PyRestrict_OpenSource(folder, source->file);
        if (source->fd >= 0) {
            source->is_package = i == 0;
            source->folder = folder;
            return 1;
        }
    }
    return 0;
}

/* Folder after folder; a name with a slash in it is none of a module. */
static int
find_source(const char *name, struct source *source)
{
    struct _restrict_files *files = &_PyRestrict_GetState()->files;
    if (strlen(name) > 200 || strchr(name, '/') != NULL) {
        return 0;
    }
    for (int i = 0; i < files->n_sources; i++) {
        if (find_in_folder(&files->sources[i], name, source)) {
            return 1;
        }
    }
    return 0;
}

int
_PyRestrict_HasSource(const char *name)
{
    struct source source;
    if (!find_source(name, &source)) {
        return 0;
    }
    close(source.fd);
    return 1;
}

/* --- Loading frozen source ------------------------------------------------------------ */

static int
set_str(PyObject *dict, const char *key, const char *value)
{
    PyObject *text = PyUnicode_FromString(value);
    if (text == NULL) {
        return -1;
    }
    int err = PyDict_SetItemString(dict, key, text);
    Py_DECREF(text);
    return err;
}

/* Packages have a __path__, because that is what makes them packages; it
   holds a token in place of a folder. */
static int
set_path(PyObject *dict, const char *name)
{
    PyObject *path = Py_BuildValue("[N]",
                                   PyUnicode_FromFormat("<frozen %s>", name));
    if (path == NULL) {
        return -1;
    }
    int err = PyDict_SetItemString(dict, "__path__", path);
    Py_DECREF(path);
    return err;
}

static int
set_header(PyObject *dict, const char *name, int is_package)
{
    const char *dot = strrchr(name, '.');
    char package[256];
    PyOS_snprintf(package, sizeof(package), "%.*s",
                  is_package    ? (int)strlen(name)
                  : dot != NULL ? (int)(dot - name)
                                : 0,
                  name);
    if (PyDict_SetItemString(dict, "__builtins__",
                             _PyInterpreterState_GET()->builtins)
            < 0
        || set_str(dict, "__package__", package) < 0
        || (is_package && set_path(dict, name) < 0))
    {
        return -1;
    }
    return 0;
}

static PyObject *
new_source_module(PyObject *name, int is_package)
{
    PyObject *module = PyModule_NewObject(name);
    if (module == NULL
        || set_header(PyModule_GetDict(module), PyUnicode_AsUTF8(name),
                      is_package)
               < 0)
    {
        Py_CLEAR(module);
    }
    return module;
}

/* Run code in the module; it is in sys.modules while it runs, and stays
   there unless it fails.  It may put another object in its place. */
static PyObject *
exec_module(PyObject *module, PyObject *name, PyObject *code)
{
    PyObject *modules = PyImport_GetModuleDict();
    if (PyObject_SetItem(modules, name, module) < 0) {
        return NULL;
    }
    PyObject *dict = PyModule_GetDict(module);
    PyObject *result = PyEval_EvalCode(code, dict, dict);
    if (result == NULL) {
        PyObject *exc = PyErr_GetRaisedException();
        if (PyObject_DelItem(modules, name) < 0) {
            PyErr_Clear();
        }
        PyErr_SetRaisedException(exc);
        return NULL;
    }
    Py_DECREF(result);
    PyObject *loaded = PyImport_GetModule(name);
    if (loaded == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_ImportError,
                     "module %R removed itself while being imported", name);
    }
    return loaded;
}

static PyObject *
load_frozen(const struct _frozen *frozen, PyObject *name)
{
    PyObject *code = PyMarshal_ReadObjectFromString((const char *)frozen->code,
                                                    frozen->size);
    if (code == NULL) {
        return NULL;
    }
    PyObject *loaded = NULL;
    PyObject *module = new_source_module(name, frozen->is_package);
    if (module != NULL) {
        loaded = exec_module(module, name, code);
        Py_DECREF(module);
    }
    Py_DECREF(code);
    return loaded;
}

/* --- Loading source of the host's folders ------------------------------------------------ */

/* More than any module is; what is larger is data. */
#define MAX_SOURCE (16 * 1024 * 1024)

static PyObject *
read_source(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_SOURCE) {
        PyErr_SetString(PyExc_ImportError, "the source is not a module");
        return NULL;
    }
    PyObject *text = PyBytes_FromStringAndSize(NULL, st.st_size);
    Py_ssize_t size = 0, n = 1;
    while (text != NULL && n > 0 && size < st.st_size) {
        n = _Py_read(fd, PyBytes_AS_STRING(text) + size, st.st_size - size);
        size += n > 0 ? n : 0;
    }
    if (text != NULL && n < 0) {
        Py_CLEAR(text);
    }
    else if (text != NULL && size < st.st_size) {
        _PyBytes_Resize(&text, size);
    }
    return text;
}

/* What the code says that it is in: the true path only if paths may show. */
static PyObject *
source_name(const struct source *source)
{
    if (!_PyRestrict_GetState()->policy.filesystem_info) {
        return PyUnicode_FromFormat("<%s>", source->file);
    }
    const char *folder = source->folder->len ? source->folder->path : "";
    PyObject *bytes = PyBytes_FromFormat("%s/%s", folder, source->file);
    PyObject *text = bytes != NULL
                         ? PyUnicode_DecodeFSDefault(PyBytes_AS_STRING(bytes))
                         : NULL;
    Py_XDECREF(bytes);
    return text;
}

/* For tracebacks; what is in another encoding than UTF-8 has no lines. */
static int
keep_text(PyObject *filename, PyObject *bytes)
{
    const char *data = PyBytes_AS_STRING(bytes);
    Py_ssize_t size = PyBytes_GET_SIZE(bytes);
    Py_ssize_t mark = strncmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    PyObject *text = PyUnicode_DecodeUTF8(data + mark, size - mark, NULL);
    if (text == NULL) {
        PyErr_Clear();
        return 0;
    }
    int err = _PyRestrict_KeepSource(filename, text);
    Py_DECREF(text);
    return err;
}

static PyObject *
compile_source(const struct source *source, PyObject *filename)
{
    PyObject *text = read_source(source->fd);
    if (text == NULL) {
        return NULL;
    }
    PyObject *code = NULL;
    PyCompilerFlags flags = _PyCompilerFlags_INIT;
    if (strlen(PyBytes_AS_STRING(text)) != (size_t)PyBytes_GET_SIZE(text)) {
        PyErr_SetString(PyExc_SyntaxError,
                        "source code cannot contain null bytes");
    }
    else if (keep_text(filename, text) == 0) {
        code = Py_CompileStringObject(PyBytes_AS_STRING(text), filename,
                                      Py_file_input, &flags, 0);
    }
    Py_DECREF(text);
    return code;
}

/* __file__, and __path__ in place of its token: only if paths may show. */
static int
set_true_path(PyObject *dict, PyObject *filename, int is_package)
{
    if (!_PyRestrict_GetState()->policy.filesystem_info) {
        return 0;
    }
    if (PyDict_SetItemString(dict, "__file__", filename) < 0) {
        return -1;
    }
    if (!is_package) {
        return 0;
    }
    Py_ssize_t slash = PyUnicode_FindChar(filename, '/', 0,
                                          PyUnicode_GET_LENGTH(filename), -1);
    PyObject *path = Py_BuildValue("[N]",
                                   PyUnicode_Substring(filename, 0, slash));
    int err = path == NULL ? -1 : PyDict_SetItemString(dict, "__path__", path);
    Py_XDECREF(path);
    return err;
}

static PyObject *
load_source(struct source *source, PyObject *name)
{
    PyObject *module = NULL, *loaded = NULL;
    PyObject *filename = source_name(source);
    PyObject *code = filename != NULL ? compile_source(source, filename)
                                      : NULL;
    close(source->fd);
    if (code != NULL) {
        module = new_source_module(name, source->is_package);
    }
    if (module != NULL
        && set_true_path(PyModule_GetDict(module), filename,
                         source->is_package)
               == 0)
    {
        loaded = exec_module(module, name, code);
    }
    Py_XDECREF(filename);
    Py_XDECREF(code);
    Py_XDECREF(module);
    return loaded;
}

/* --- Loading built-in C modules --------------------------------------------------------- */

static PyObject *
module_from_def(PyModuleDef *def, PyObject *name)
{
    PyObject *attrs = Py_BuildValue("{sO}", "name", name);
    PyObject *spec = attrs != NULL ? _PyNamespace_New(attrs) : NULL;
    Py_XDECREF(attrs);
    if (spec == NULL) {
        return NULL;
    }
    PyObject *module = PyModule_FromDefAndSpec(def, spec);
    Py_DECREF(spec);
    if (module != NULL && PyModule_Check(module)
        && PyModule_ExecDef(module, def) < 0)
    {
        Py_CLEAR(module);
    }
    return module;
}

/* The module made before, that the guest took out of sys.modules.  Its types
   count on its state, and there is one of them. */
static PyObject *
take_kept(const char *text, PyObject *name)
{
    PyObject *module = _PyRestrict_FindKeptModule(text);
    if (module != NULL
        && PyObject_SetItem(PyImport_GetModuleDict(), name, module) < 0)
    {
        Py_CLEAR(module);
    }
    return module;
}

/* A module that the table reviews is cut down to its rows.  One that the host
   allowed beyond the table comes whole: the host answers for it. */
static PyObject *
load_from_def(PyModuleDef *def, const char *text, PyObject *name)
{
    struct _restrict_surface *surface = &_PyRestrict_GetState()->surface;
    int reviewed = _PyRestrict_IsReviewedModule(text);
    PyObject *kept = take_kept(text, name);
    if (kept != NULL || PyErr_Occurred()) {
        return kept;
    }
    surface->off = !reviewed;
    PyObject *module = module_from_def(def, name);
    surface->off = 0;
    if (module == NULL
        || (reviewed && PyModule_Check(module)
            && _PyRestrict_FilterModule(module, text) < 0)
        || (strcmp(text, "posix") == 0 && _PyRestrict_InitOs(module) < 0)
        || _PyRestrict_KeepModule(text, module) < 0
        || PyObject_SetItem(PyImport_GetModuleDict(), name, module) < 0)
    {
        Py_CLEAR(module);
    }
    return module;
}

static PyObject *
load_builtin(const struct _inittab *entry, PyObject *name)
{
    PyObject *def = entry->initfunc();
    if (def == NULL) {
        return NULL;
    }
    if (!PyObject_TypeCheck(def, &PyModuleDef_Type)) {
        Py_DECREF(def);
        PyErr_Format(PyExc_ImportError,
                     "module %R does not support restricted interpreters",
                     name);
        return NULL;
    }
    return load_from_def((PyModuleDef *)def, entry->name, name);
}

/* Reviewed, but a shared library, since the binary would need OpenSSL's. */
static PyObject *
load_shared(const char *text, PyObject *name)
{
    PyModuleDef *def = _PyRestrict_FindShared(text);
    if (def == NULL) {
        PyErr_Format(PyExc_ModuleNotFoundError, "No module named %R", name);
        return NULL;
    }
    return load_from_def(def, text, name);
}

static PyObject *
load_guest_module(PyObject *name)
{
    PyObject *module = _PyRestrict_NewGuestModule();
    if (module != NULL
        && PyObject_SetItem(PyImport_GetModuleDict(), name, module) < 0)
    {
        Py_CLEAR(module);
    }
    return module;
}

/* --- Finding ----------------------------------------------------------------------------- */

static PyObject *
load_found(const char *text, PyObject *name)
{
    if (strcmp(text, "restrict") == 0) {
        return load_guest_module(name);
    }
    const struct _frozen *frozen = _PyRestrict_FindFrozen(text);
    if (frozen != NULL) {
        return load_frozen(frozen, name);
    }
    const struct _inittab *builtin = _PyRestrict_FindBuiltin(text);
    if (builtin != NULL) {
        return load_builtin(builtin, name);
    }
    if (strcmp(text, "_ssl") == 0) {
        return load_shared(text, name);
    }
    PyModuleDef *extension = _PyRestrict_FindExtension(text);
    if (extension != NULL) {
        return load_from_def(extension, text, name);
    }
    struct source source;
    if (find_source(text, &source)) {
        return load_source(&source, name);
    }
    _PyRestrict_RefuseImport(text);
    return NULL;
}

static PyObject *
load_module(PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    if (text == NULL || strlen(text) != (size_t)PyUnicode_GET_LENGTH(name)) {
        PyErr_Clear();
        _PyRestrict_RefuseImport(text != NULL ? text : "(not a name)");
        return NULL;
    }
    if (_PyRestrict_ModuleCheck(text) < 0) {
        return NULL;
    }
    // A module that comes whole may import one that does not.
    struct _restrict_surface *surface = &_PyRestrict_GetState()->surface;
    int off = surface->off;
    surface->off = 0;
    PyObject *module = load_found(text, name);
    surface->off = off;
    return module;
}

/* Make the module an attribute of its package. */
static int
bind_to_parent(PyObject *parent, PyObject *name, Py_ssize_t dot,
               PyObject *module)
{
    PyObject *tail = PyUnicode_Substring(name, dot + 1,
                                         PyUnicode_GET_LENGTH(name));
    if (tail == NULL) {
        return -1;
    }
    int err = PyObject_SetAttr(parent, tail, module);
    Py_DECREF(tail);
    if (err < 0 && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        err = 0;
    }
    return err;
}

static PyObject *import_by_name(PyObject *name);

static PyObject *
load_submodule(PyObject *name, Py_ssize_t dot)
{
    PyObject *parent_name = PyUnicode_Substring(name, 0, dot);
    PyObject *parent = parent_name ? import_by_name(parent_name) : NULL;
    PyObject *module = NULL;
    if (parent != NULL) {
        // The package's own code may have imported it already.
        module = PyImport_GetModule(name);
    }
    if (parent != NULL && module == NULL && !PyErr_Occurred()) {
        int is_package = PyObject_HasAttrWithError(parent, &_Py_ID(__path__));
        if (is_package > 0) {
            module = load_module(name);
        }
        else if (is_package == 0) {
            PyErr_Format(PyExc_ModuleNotFoundError,
                         "No module named %R; %R is not a package", name,
                         parent_name);
        }
        if (module != NULL && bind_to_parent(parent, name, dot, module) < 0) {
            Py_CLEAR(module);
        }
    }
    Py_XDECREF(parent);
    Py_XDECREF(parent_name);
    return module;
}

/* A new reference to the module, from sys.modules or loaded. */
static PyObject *
import_by_name(PyObject *name)
{
    PyObject *module = PyImport_GetModule(name);
    if (module == Py_None) {
        Py_DECREF(module);
        PyErr_Format(PyExc_ModuleNotFoundError,
                     "import of %U halted; None in sys.modules", name);
        return NULL;
    }
    if (module != NULL || PyErr_Occurred()) {
        return module;
    }
    if (Py_EnterRecursiveCall(" while importing a module")) {
        return NULL;
    }
    Py_ssize_t len = PyUnicode_GET_LENGTH(name);
    Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, len, -1);
    if (dot >= 0) {
        module = load_submodule(name, dot);
    }
    else if (dot == -1) {
        module = load_module(name);
    }
    Py_LeaveRecursiveCall();
    return module;
}

/* --- The object in importlib's place ------------------------------------------------------ */

static PyObject *
find_and_load(PyObject *Py_UNUSED(self), PyObject *const *args,
              Py_ssize_t nargs)
{
    if (nargs < 1 || !PyUnicode_Check(args[0])) {
        PyErr_BadInternalCall();
        return NULL;
    }
    // The name of a module is used by its characters: it is a plain str.
    PyObject *name = PyUnicode_FromObject(args[0]);
    PyObject *module = name != NULL ? import_by_name(name) : NULL;
    Py_XDECREF(name);
    return module;
}

/* Import `package.item` if the package has no such attribute; a name that
   cannot be imported is left for `from` to complain of. */
static int
import_item(PyObject *package_name, PyObject *module, PyObject *item)
{
    if (!PyUnicode_Check(item)) {
        PyErr_Format(PyExc_TypeError,
                     "Item in ``from list'' must be str, not %.100s",
                     Py_TYPE(item)->tp_name);
        return -1;
    }
    int has = PyObject_HasAttrWithError(module, item);
    if (has != 0) {
        return has < 0 ? -1 : 0;
    }
    PyObject *full = PyUnicode_FromFormat("%U.%U", package_name, item);
    if (full == NULL) {
        return -1;
    }
    const char *text = PyUnicode_AsUTF8(full);
    PyObject *submodule = NULL;
    if (text != NULL
        && (_PyRestrict_FindFrozen(text) != NULL
            || _PyRestrict_FindBuiltin(text) != NULL
            || _PyRestrict_FindExtension(text) != NULL
            || _PyRestrict_HasSource(text)))
    {
        submodule = import_by_name(full);
    }
    Py_DECREF(full);
    Py_XDECREF(submodule);
    return PyErr_Occurred() ? -1 : 0;
}

static int
import_items(PyObject *package_name, PyObject *module, PyObject *items,
             int star_allowed)
{
    PyObject *seq = PySequence_Fast(items, "from list must be iterable");
    if (seq == NULL) {
        return -1;
    }
    int err = 0;
    for (Py_ssize_t i = 0; !err && i < PySequence_Fast_GET_SIZE(seq); i++) {
        PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(seq, i));
        if (PyUnicode_Check(item) && _PyUnicode_EqualToASCIIString(item, "*"))
        {
            PyObject *all = NULL;
            if (star_allowed) {
                err = PyObject_GetOptionalAttr(module, &_Py_ID(__all__), &all)
                              < 0
                          ? -1
                          : 0;
            }
            if (all != NULL) {
                err = import_items(package_name, module, all, 0);
                Py_DECREF(all);
            }
        }
        else {
            err = import_item(package_name, module, item);
        }
        Py_DECREF(item);
    }
    Py_DECREF(seq);
    return err;
}

static PyObject *
handle_fromlist(PyObject *Py_UNUSED(self), PyObject *const *args,
                Py_ssize_t nargs)
{
    if (nargs < 2) {
        PyErr_BadInternalCall();
        return NULL;
    }
    PyObject *name;
    if (PyObject_GetOptionalAttr(args[0], &_Py_ID(__name__), &name) < 0) {
        return NULL;
    }
    if (name != NULL && PyUnicode_Check(name)
        && import_items(name, args[0], args[1], 1) < 0)
    {
        Py_DECREF(name);
        return NULL;
    }
    Py_XDECREF(name);
    return Py_NewRef(args[0]);
}

/* There are no threads to wait for. */
static PyObject *
lock_unlock_module(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(name))
{
    Py_RETURN_NONE;
}

static PyObject *
module_repr(PyObject *Py_UNUSED(self), PyObject *module)
{
    PyObject *name;
    if (PyObject_GetOptionalAttr(module, &_Py_ID(__name__), &name) < 0) {
        return NULL;
    }
    PyObject *repr = name != NULL ? PyUnicode_FromFormat("<module %R>", name)
                                  : PyUnicode_FromString("<module '?'>");
    Py_XDECREF(name);
    return repr;
}

static PyMethodDef importer_methods[] = {
    {"_find_and_load", _PyCFunction_CAST(find_and_load), METH_FASTCALL},
    {"_handle_fromlist", _PyCFunction_CAST(handle_fromlist), METH_FASTCALL},
    {"_lock_unlock_module", lock_unlock_module, METH_O},
    {"_module_repr", module_repr, METH_O},
    {NULL, NULL},
};

static PyModuleDef importer_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_restrict_import",
    .m_methods = importer_methods,
    .m_size = 0,
};

/* Make it and put it in its place.  It is in no module dict: the guest
   cannot reach it. */
int
_PyRestrict_InitImport(PyInterpreterState *interp)
{
    struct _restrict_surface *surface = &interp->restricted->surface;
    surface->off++;
    PyObject *importer = PyModule_Create(&importer_def);
    surface->off--;
    interp->imports.importlib = importer;
    return importer == NULL ? -1 : 0;
}

#endif /* WITH_RESTRICTED */
