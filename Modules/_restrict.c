/* The C part of the package `restrict`: a thin binding.

   One type, Guest: a restricted interpreter as an object of the host.  It
   turns arguments into calls of Python/restrict_run.c and of the setters of
   pyrestrict.h, and answers into tuples.  What a policy means, which exception
   the host gets, what is logged: Lib/restrict/ decides. */

#ifndef Py_BUILD_CORE_BUILTIN
#  define Py_BUILD_CORE_MODULE 1
#endif

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "pycore_restrict_net.h"
#include "_restrict.h"

PyInterpreterState *
_restrict_OpenInterp(GuestObject *self)
{
    if (self->guest.interp == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter is closed");
    }
    return self->guest.interp;
}

/* --- The policy ----------------------------------------------------------------------- */

PyDoc_STRVAR(guest_set_limit_doc,
"set_limit(name, value)\n--\n\n"
"Cap memory, output, file_size or net_bytes (bytes), cpu or wall (seconds),\n"
"steps, open_files or sockets (open at a time).");

static int
set_seconds(PyInterpreterState *interp, const char *name, double seconds)
{
    return strcmp(name, "cpu") == 0 ? PyRestrict_SetCPUCap(interp, seconds)
                                    : PyRestrict_SetWallCap(interp, seconds);
}

static int
set_count(PyInterpreterState *interp, const char *name, long long n)
{
    if (strcmp(name, "memory") == 0) {
        return PyRestrict_SetMemoryCap(interp, (Py_ssize_t)n);
    }
    if (strcmp(name, "output") == 0) {
        return PyRestrict_SetOutputCap(interp, (Py_ssize_t)n);
    }
    if (strcmp(name, "file_size") == 0) {
        return PyRestrict_SetFileSizeCap(interp, n);
    }
    if (strcmp(name, "open_files") == 0) {
        return PyRestrict_SetOpenFilesCap(interp, (int)Py_MIN(n, INT_MAX));
    }
    if (strcmp(name, "net_bytes") == 0) {
        return PyRestrict_SetNetBytesCap(interp, n);
    }
    if (strcmp(name, "sockets") == 0) {
        return PyRestrict_SetSocketsCap(interp, (int)Py_MIN(n, INT_MAX));
    }
    if (strcmp(name, "steps") == 0) {
        return PyRestrict_SetStepCap(interp, (uint64_t)n);
    }
    PyErr_Format(PyExc_ValueError, "there is no limit '%s'", name);
    return -1;
}

static PyObject *
guest_set_limit(GuestObject *self, PyObject *args)
{
    const char *name;
    PyObject *value;
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    if (interp == NULL || !PyArg_ParseTuple(args, "sO", &name, &value)) {
        return NULL;
    }
    int err;
    if (strcmp(name, "cpu") == 0 || strcmp(name, "wall") == 0) {
        double seconds = PyFloat_AsDouble(value);
        err = PyErr_Occurred() ? -1 : set_seconds(interp, name, seconds);
    }
    else {
        long long n = PyLong_AsLongLong(value);
        err = PyErr_Occurred() ? -1 : set_count(interp, name, n);
    }
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

/* One method a setter: the interpreter, then text (and a number or text). */
static PyObject *
set_name(GuestObject *self, PyObject *arg,
         int (*setter)(PyInterpreterState *, const char *))
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    const char *name = interp != NULL ? PyUnicode_AsUTF8(arg) : NULL;
    if (name == NULL || setter(interp, name) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
guest_allow_module(GuestObject *self, PyObject *arg)
{
    return set_name(self, arg, PyRestrict_AllowModule);
}

static PyObject *
guest_block_module(GuestObject *self, PyObject *arg)
{
    return set_name(self, arg, PyRestrict_BlockModule);
}

/* A path and a mode; the path as the host's file system spells it. */
static PyObject *
set_grant(GuestObject *self, PyObject *args,
          int (*setter)(PyInterpreterState *, const char *, const char *))
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    PyObject *path;
    const char *mode;
    if (interp == NULL
        || !PyArg_ParseTuple(args, "O&s", PyUnicode_FSConverter, &path, &mode))
    {
        return NULL;
    }
    int err = setter(interp, PyBytes_AS_STRING(path), mode);
    Py_DECREF(path);
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
guest_allow_file(GuestObject *self, PyObject *args)
{
    return set_grant(self, args, PyRestrict_AllowFile);
}

static PyObject *
guest_allow_directory(GuestObject *self, PyObject *args)
{
    return set_grant(self, args, PyRestrict_AllowDirectory);
}

static PyObject *
set_folder(GuestObject *self, PyObject *arg,
           int (*setter)(PyInterpreterState *, const char *))
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    PyObject *path;
    if (interp == NULL || !PyUnicode_FSConverter(arg, &path)) {
        return NULL;
    }
    int err = setter(interp, PyBytes_AS_STRING(path));
    Py_DECREF(path);
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
guest_allow_path(GuestObject *self, PyObject *arg)
{
    return set_folder(self, arg, _PyRestrict_AddSourcePath);
}

static PyObject *
guest_set_directory(GuestObject *self, PyObject *arg)
{
    return set_folder(self, arg, _PyRestrict_SetWorkingDirectory);
}

PyDoc_STRVAR(guest_allow_address_doc,
"allow_address(address, first_port, last_port)\n--\n\n"
"Allow an address or a network.");

static PyObject *
guest_allow_address(GuestObject *self, PyObject *args)
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    const char *address;
    int first, last;
    if (interp == NULL
        || !PyArg_ParseTuple(args, "sii", &address, &first, &last)
        || PyRestrict_AllowIPAddressRange(interp, address, first, last) < 0)
    {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(guest_allow_host_doc,
"allow_host(host, first_port, last_port, addresses=None)\n--\n\n"
"Allow a host: look it up, or take the addresses for what was found.");

static PyObject *
guest_allow_host(GuestObject *self, PyObject *args)
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    PyObject *addresses = Py_None;
    const char *host;
    int first, last;
    if (interp == NULL
        || !PyArg_ParseTuple(args, "sii|O", &host, &first, &last, &addresses))
    {
        return NULL;
    }
    if (addresses != Py_None && !PyList_CheckExact(addresses)) {
        PyErr_SetString(PyExc_TypeError, "addresses must be a list");
        return NULL;
    }
    int err = addresses == Py_None
                  ? PyRestrict_AllowHostRange(interp, host, first, last)
                  : _PyRestrict_PinHost(interp, host, first, last, addresses);
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
guest_allow_network_info(GuestObject *self, PyObject *Py_UNUSED(args))
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    if (interp == NULL || PyRestrict_AllowNetworkInfo(interp) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* A protection of an extension module; what it is set to follows. */
static PyObject *
guest_set_extended(GuestObject *self, PyObject *args)
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    const char *group, *type, *text = NULL;
    PyObject *value;
    if (interp == NULL
        || !PyArg_ParseTuple(args, "ssO", &group, &type, &value))
    {
        return NULL;
    }
    int err;
    if (value == Py_True) {
        err = PyRestrict_ExtendedSetTrue(interp, group, type);
    }
    else if (PyLong_Check(value)) {
        Py_ssize_t cap = PyLong_AsSsize_t(value);
        err = PyErr_Occurred()
                  ? -1
                  : PyRestrict_ExtendedValueCap(interp, group, type, cap);
    }
    else {
        text = PyUnicode_AsUTF8(value);
        err = text == NULL
                  ? -1
                  : PyRestrict_ExtendedSetValue(interp, group, type, text);
    }
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
guest_add_extended(GuestObject *self, PyObject *args)
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    const char *group, *type, *member;
    if (interp == NULL
        || !PyArg_ParseTuple(args, "sss", &group, &type, &member)
        || PyRestrict_ExtendedAddMembership(interp, group, type, member) < 0)
    {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* --- Life ------------------------------------------------------------------------------------ */

PyDoc_STRVAR(guest_cancel_doc,
"cancel()\n--\n\nStop the guest, from any thread; nothing once it is closed.");

static PyObject *
guest_cancel(GuestObject *self, PyObject *Py_UNUSED(args))
{
    if (self->guest.interp != NULL
        && PyRestrict_Cancel(self->guest.interp) < 0)
    {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(guest_close_doc,
"close()\n--\n\nEnd the interpreter; RuntimeError while it is in use.");

static PyObject *
guest_close(GuestObject *self, PyObject *Py_UNUSED(args))
{
    if (self->guest.depth > 0) {
        PyErr_Format(PyExc_RuntimeError,
                     "the interpreter is in use by thread %lu",
                     self->guest.owner);
        return NULL;
    }
    // It may be ending, on a thread that has let its GIL go meanwhile.
    if (self->guest.interp != NULL) {
        _PyRestrict_GuestFini(&self->guest);
    }
    Py_RETURN_NONE;
}

/* In the child of a fork, where the interpreter is not to be ended: False if
   this very thread is running it. */
static PyObject *
guest_forget(GuestObject *self, PyObject *Py_UNUSED(args))
{
    if (self->guest.depth > 0
        && self->guest.owner == PyThread_get_thread_ident())
    {
        Py_RETURN_FALSE;
    }
    self->guest.interp = NULL;
    self->guest.depth = 0;
    self->guest.owner = 0;
    Py_RETURN_TRUE;
}

static PyObject *
guest_closed(GuestObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(self->guest.interp == NULL);
}

static PyObject *
guest_running(GuestObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(self->guest.depth > 0);
}

PyDoc_STRVAR(guest_doc,
"Guest(functions, describe, memory=0, filesystem_info=False, "
"true_stdin=False, true_stdout=False, true_stderr=False)\n--\n\n"
"A restricted interpreter. functions: a list, called by index; describe:\n"
"what a guest sees of a host function's exception; memory: bytes that the\n"
"stack must be large enough for, 0 for all.");

static PyObject *
guest_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"functions",       "describe",   "memory",
                            "filesystem_info", "true_stdin", "true_stdout",
                            "true_stderr",     NULL};
    PyRestrictConfig config = {.size = sizeof(config)};
    PyObject *functions, *describe;
    Py_ssize_t memory = 0;
    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "O!O|npppp", names, &PyList_Type, &functions,
            &describe, &memory, &config.filesystem_info, &config.true_stdin,
            &config.true_stdout, &config.true_stderr))
    {
        return NULL;
    }
    GuestObject *self = (GuestObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->functions = Py_NewRef(functions);
    self->describe = Py_NewRef(describe);
    self->guest.host_call = _restrict_HostCall;
    self->guest.host_signal = _restrict_HostSignal;
    self->guest.host_arg = self;
    if (_PyRestrict_GuestStack(&self->guest, memory) < 0
        || _PyRestrict_GuestInit(&self->guest, &config) < 0)
    {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int
guest_traverse(GuestObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->functions);
    Py_VISIT(self->describe);
    Py_VISIT(self->pending);
    return 0;
}

static int
guest_clear(GuestObject *self)
{
    Py_CLEAR(self->functions);
    Py_CLEAR(self->describe);
    Py_CLEAR(self->pending);
    return 0;
}

static void
guest_dealloc(GuestObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    PyObject *exc = PyErr_GetRaisedException();
    _PyRestrict_GuestFini(&self->guest);
    PyErr_SetRaisedException(exc);
    guest_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(guest_run_doc,
"run(task, request)\n--\n\n"
"Carry out a task; return (outcome, value, limit or None).");

PyDoc_STRVAR(guest_set_input_doc,
"set_input(data)\n--\n\nWhat the guest reads from its in-memory stdin.");

PyDoc_STRVAR(guest_output_doc,
"output(fd, clear)\n--\n\n"
"The bytes that the guest wrote to its stdout (1) or stderr (2).");

PyDoc_STRVAR(guest_denials_doc,
"denials()\n--\n\n"
"A list of (capability, subject, file, line, grant, count, first, last).");

PyDoc_STRVAR(guest_usage_doc,
"usage()\n--\n\n"
"(memory, peak memory, cpu, wall, steps, output, denials).");

PyDoc_STRVAR(guest_limit_hit_doc,
"limit_hit()\n--\n\nThe limit that stopped the guest, or None.");

static PyMethodDef guest_methods[] = {
    {"run", (PyCFunction)_restrict_Run, METH_VARARGS, guest_run_doc},
    {"set_limit", (PyCFunction)guest_set_limit, METH_VARARGS,
     guest_set_limit_doc},
    {"allow_module", (PyCFunction)guest_allow_module, METH_O,
     PyDoc_STR("allow_module(name)\n--\n\nAllow a module.")},
    {"block_module", (PyCFunction)guest_block_module, METH_O,
     PyDoc_STR("block_module(name)\n--\n\nBlock a module.")},
    {"allow_file", (PyCFunction)guest_allow_file, METH_VARARGS,
     PyDoc_STR("allow_file(path, mode)\n--\n\nAllow a file.")},
    {"allow_directory", (PyCFunction)guest_allow_directory, METH_VARARGS,
     PyDoc_STR("allow_directory(path, mode)\n--\n\nAllow a folder.")},
    {"allow_path", (PyCFunction)guest_allow_path, METH_O,
     PyDoc_STR("allow_path(folder)\n--\n\nImport source from a folder.")},
    {"set_directory", (PyCFunction)guest_set_directory, METH_O,
     PyDoc_STR("set_directory(folder)\n--\n\n"
               "Where relative paths start; grants nothing.")},
    {"allow_address", (PyCFunction)guest_allow_address, METH_VARARGS,
     guest_allow_address_doc},
    {"allow_host", (PyCFunction)guest_allow_host, METH_VARARGS,
     guest_allow_host_doc},
    {"allow_network_info", (PyCFunction)guest_allow_network_info, METH_NOARGS,
     PyDoc_STR("allow_network_info()\n--\n\nAllow network information.")},
    {"set_extended", (PyCFunction)guest_set_extended, METH_VARARGS,
     PyDoc_STR("set_extended(group, type, value)\n--\n\n"
               "Set a protection to True, to a cap or to a text.")},
    {"add_extended", (PyCFunction)guest_add_extended, METH_VARARGS,
     PyDoc_STR("add_extended(group, type, member)\n--\n\n"
               "Add a text to those that a protection allows.")},
    {"set_input", (PyCFunction)_restrict_SetInput, METH_O,
     guest_set_input_doc},
    {"output", (PyCFunction)_restrict_Output, METH_VARARGS, guest_output_doc},
    {"denials", (PyCFunction)_restrict_Denials, METH_NOARGS,
     guest_denials_doc},
    {"usage", (PyCFunction)_restrict_Usage, METH_NOARGS, guest_usage_doc},
    {"limit_hit", (PyCFunction)_restrict_LimitHit, METH_NOARGS,
     guest_limit_hit_doc},
    {"cancel", (PyCFunction)guest_cancel, METH_NOARGS, guest_cancel_doc},
    {"close", (PyCFunction)guest_close, METH_NOARGS, guest_close_doc},
    {"forget", (PyCFunction)guest_forget, METH_NOARGS,
     PyDoc_STR("forget()\n--\n\nLet go of it after a fork, if it is idle.")},
    {NULL},
};

static PyGetSetDef guest_getset[] = {
    {"closed", (getter)guest_closed, NULL,
     PyDoc_STR("whether the interpreter has ended")},
    {"running", (getter)guest_running, NULL,
     PyDoc_STR("whether a thread is using it")},
    {NULL},
};

static PyType_Slot guest_slots[] = {
    {Py_tp_new, guest_new},           {Py_tp_dealloc, guest_dealloc},
    {Py_tp_traverse, guest_traverse}, {Py_tp_clear, guest_clear},
    {Py_tp_methods, guest_methods},   {Py_tp_getset, guest_getset},
    {Py_tp_doc, (void *)guest_doc},   {0, NULL},
};

static PyType_Spec guest_spec = {
    .name = "_restrict.Guest",
    .basicsize = sizeof(GuestObject),
    .flags = (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
              | Py_TPFLAGS_IMMUTABLETYPE),
    .slots = guest_slots,
};

/* --- The module -------------------------------------------------------------------------------- */

PyDoc_STRVAR(surface_doc,
"surface()\n--\n\nThe rows of the surface table.");

static PyObject *
restrict_surface(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    return _PyRestrict_ListSurface();
}

PyDoc_STRVAR(frozen_modules_doc,
"frozen_modules()\n--\n\nThe names of the library's modules for guests.");

static PyObject *
restrict_frozen_modules(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    return _PyRestrict_ListFrozen();
}

PyDoc_STRVAR(inspect_surface_doc,
"inspect_surface(source)\n--\n\n"
"What C code offers to a guest that ran source, and what it can reach.");

static PyObject *
restrict_inspect_surface(PyObject *Py_UNUSED(module), PyObject *arg)
{
    const char *source = PyUnicode_AsUTF8(arg);
    return source != NULL ? _PyRestrict_InspectSurface(source) : NULL;
}

static PyMethodDef module_methods[] = {
    {"surface", restrict_surface, METH_NOARGS, surface_doc},
    {"frozen_modules", restrict_frozen_modules, METH_NOARGS,
     frozen_modules_doc},
    {"inspect_surface", restrict_inspect_surface, METH_O, inspect_surface_doc},
    {NULL},
};

static int
add_exceptions(PyObject *module)
{
    for (int kind = 0; kind < _PyRestrict_N_KINDS; kind++) {
        if (PyModule_Add(module, _PyRestrict_ExceptionName(kind),
                         _PyRestrict_GetException(kind))
            < 0)
        {
            return -1;
        }
    }
    return 0;
}

static int
module_exec(PyObject *module)
{
    // A guest has no use for this, and the host's policy cannot grant it.
    PyRestrict_Trusted(-1);
    PyObject *type = PyType_FromModuleAndSpec(module, &guest_spec, NULL);
    int err = type == NULL || PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return err ? -1 : add_exceptions(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_restrict",
    .m_doc = PyDoc_STR("The C part of the package restrict."),
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__restrict(void)
{
    return PyModuleDef_Init(&module_def);
}
