/* The streams of a restricted interpreter.

   By default sys.stdin, sys.stdout, sys.stderr and their __x__ twins are in
   memory (003: "Stdin, Stdout, and Stderr"): what the guest prints is kept in
   the host's memory, up to the output cap, and what it reads is the text that
   the host gave.  The true streams are the same objects: each asks the policy
   when it is used, and then reads or writes the process's descriptor 0, 1 or
   2 itself.  The guest never gets a descriptor, nor an object that has one.

   All are UTF-8.  Each text stream has a `buffer`, as programs that judge or
   filter expect, that works on the same bytes. */

#include "Python.h"
#include "pycore_fileutils.h"  // _Py_read(), _Py_write()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

typedef struct {
    PyObject_HEAD
    PyObject *dict;  // of the _io base classes
    PyObject *weaklist;
    int fd;            // 0, 1 or 2: which stream this is
    PyObject *buffer;  // of a text stream: its binary twin
} stream_object;

static struct _restrict_stream *
stream_of(PyObject *self)
{
    return &_PyRestrict_GetState()->stream[((stream_object *)self)->fd];
}

static int
is_true_stream(int fd)
{
    const struct _restrict_policy *policy = &_PyRestrict_GetState()->policy;
    return fd == 0   ? policy->true_stdin
           : fd == 1 ? policy->true_stdout
                     : policy->true_stderr;
}

/* --- Writing --------------------------------------------------------------------- */

static int
write_true(int fd, const char *data, Py_ssize_t size)
{
    while (size > 0) {
        Py_ssize_t n = _Py_write(fd, data, size);
        if (n < 0) {
            return -1;
        }
        data += n;
        size -= n;
    }
    return 0;
}

/* Make room for `size` more bytes.  What the guest writes counts as memory of
   its own: an output cap that was lifted is no way around the memory cap. */
static int
make_room(struct _restrict_stream *stream, size_t size, int is_guests)
{
    size_t want = (stream->size + size) * 2;
    Py_ssize_t grows = (Py_ssize_t)(want - stream->allocated);
    if (stream->size + size <= stream->allocated) {
        return 0;
    }
    if (is_guests) {
        PyRestrict_MemoryAlloc(grows, -1);
    }
    char *grown = PyMem_RawRealloc(stream->data, want);
    if (grown == NULL) {
        if (is_guests) {
            PyRestrict_MemoryFree(grows);
        }
        PyErr_NoMemory();
        return -1;
    }
    stream->data = grown;
    stream->allocated = want;
    return 0;
}

/* Append to the host's memory. */
static int
write_memory(struct _restrict_stream *stream, const char *data, size_t size,
             int is_guests)
{
    if (make_room(stream, size, is_guests) < 0) {
        return -1;
    }
    if (size > 0) {
        memcpy(stream->data + stream->size, data, size);
    }
    stream->size += size;
    return 0;
}

static int
write_bytes(PyObject *self, const char *data, Py_ssize_t size)
{
    int fd = ((stream_object *)self)->fd;
    // Charge first: what passes the cap is cut, and the guest stops.
    Py_ssize_t allowed = _PyRestrict_ChargeOutput(size);
    int err = is_true_stream(fd)
                  ? write_true(fd, data, allowed)
                  : write_memory(stream_of(self), data, allowed, 1);
    if (!err && allowed < size) {
        err = _PyRestrict_OutputExceeded();
    }
    return err;
}

static PyObject *
text_write(PyObject *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        return PyErr_Format(PyExc_TypeError,
                            "write() argument must be str, not %.100s",
                            Py_TYPE(text)->tp_name);
    }
    PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8",
                                                "backslashreplace");
    if (bytes == NULL) {
        return NULL;
    }
    int err = write_bytes(self, PyBytes_AS_STRING(bytes),
                          PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
    return err ? NULL : PyLong_FromSsize_t(PyUnicode_GET_LENGTH(text));
}

static PyObject *
binary_write(PyObject *self, PyObject *data)
{
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    int err = write_bytes(self, view.buf, view.len);
    PyObject *written = err ? NULL : PyLong_FromSsize_t(view.len);
    PyBuffer_Release(&view);
    return written;
}

static PyObject *
stream_true(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args))
{
    Py_RETURN_TRUE;
}

static PyObject *
stream_none(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args))
{
    Py_RETURN_NONE;
}

/* --- Reading --------------------------------------------------------------------- */

/* Get more bytes behind those not yet read; 0 at the end. */
static Py_ssize_t
fill(PyObject *self)
{
    char chunk[8192];
    if (!is_true_stream(0)) {
        return 0;
    }
    // What was read is not needed any more: a long input stays a small buffer.
    struct _restrict_stream *stream = stream_of(self);
    if (stream->position > 0) {
        stream->size -= stream->position;
        memmove(stream->data, stream->data + stream->position, stream->size);
    }
    stream->position = 0;
    Py_ssize_t n = _Py_read(0, chunk, sizeof(chunk));
    if (n > 0 && write_memory(stream, chunk, n, 1) < 0) {
        return -1;
    }
    return n;
}

/* The number of bytes to hand out: up to `limit` if that is not negative,
   and up to and with the next end of line if `line`. */
static Py_ssize_t
measure(PyObject *self, Py_ssize_t limit, int line)
{
    struct _restrict_stream *stream = stream_of(self);
    Py_ssize_t searched = 0;
    for (;;) {
        _PyRestrict_POLL(-1);
        const char *data = stream->data + stream->position;
        Py_ssize_t n = (Py_ssize_t)(stream->size - stream->position);
        const char *end = line && n > searched
                              ? memchr(data + searched, '\n', n - searched)
                              : NULL;
        searched = n;
        if (end != NULL && (limit < 0 || end - data < limit)) {
            return end - data + 1;
        }
        if (limit >= 0 && n >= limit) {
            return limit;
        }
        Py_ssize_t more = fill(self);
        if (more <= 0) {
            return more < 0 ? -1 : n;
        }
    }
}

static int
parse_size(PyObject *const *args, Py_ssize_t nargs, Py_ssize_t *size)
{
    *size = -1;
    if (nargs == 0 || args[0] == Py_None) {
        return 0;
    }
    *size = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    return *size == -1 && PyErr_Occurred() ? -1 : 0;
}

static PyObject *
take_bytes(PyObject *self, Py_ssize_t size)
{
    if (size < 0) {
        return NULL;
    }
    struct _restrict_stream *stream = stream_of(self);
    PyObject *bytes = PyBytes_FromStringAndSize(
        size ? stream->data + stream->position : NULL, size);
    stream->position += bytes != NULL ? size : 0;
    return bytes;
}

/* Characters, not bytes, are counted: take as many whole ones as asked. */
static Py_ssize_t
measure_text(PyObject *self, Py_ssize_t limit, int line)
{
    limit = Py_MIN(limit, PY_SSIZE_T_MAX / 4);
    Py_ssize_t size = measure(self, limit < 0 ? -1 : 4 * limit, line);
    struct _restrict_stream *stream = stream_of(self);
    Py_ssize_t at = 0;
    for (; limit >= 0 && at < size; limit--) {
        if (limit == 0) {
            return at;
        }
        do {
            at++;
        } while (at < size
                 && (stream->data[stream->position + at] & 0xc0) == 0x80);
    }
    return size;
}

static PyObject *
take_text(PyObject *self, Py_ssize_t size)
{
    PyObject *bytes = take_bytes(self, size);
    if (bytes == NULL) {
        return NULL;
    }
    PyObject *text = PyUnicode_DecodeUTF8(
        PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), "surrogateescape");
    Py_DECREF(bytes);
    return text;
}

static PyObject *
text_read(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    Py_ssize_t limit;
    if (parse_size(args, nargs, &limit) < 0) {
        return NULL;
    }
    return take_text(self, measure_text(self, limit, 0));
}

static PyObject *
text_readline(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    Py_ssize_t limit;
    if (parse_size(args, nargs, &limit) < 0) {
        return NULL;
    }
    return take_text(self, measure_text(self, limit, 1));
}

static PyObject *
binary_read(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    Py_ssize_t limit;
    if (parse_size(args, nargs, &limit) < 0) {
        return NULL;
    }
    return take_bytes(self, measure(self, limit, 0));
}

static PyObject *
binary_readline(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    Py_ssize_t limit;
    if (parse_size(args, nargs, &limit) < 0) {
        return NULL;
    }
    return take_bytes(self, measure(self, limit, 1));
}

/* --- The types --------------------------------------------------------------------- */

static PyObject *
get_name(PyObject *self, void *Py_UNUSED(closure))
{
    static const char *const names[] = {"<stdin>", "<stdout>", "<stderr>"};
    return PyUnicode_FromString(names[((stream_object *)self)->fd]);
}

static PyObject *
get_mode(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(((stream_object *)self)->fd ? "w" : "r");
}

static PyObject *
get_encoding(PyObject *Py_UNUSED(self), void *Py_UNUSED(closure))
{
    return PyUnicode_FromString("utf-8");
}

static PyObject *
get_errors(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(
        ((stream_object *)self)->fd ? "backslashreplace" : "surrogateescape");
}

static PyObject *
get_buffer(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *buffer = ((stream_object *)self)->buffer;
    return Py_NewRef(buffer != NULL ? buffer : Py_None);
}

static int
stream_traverse(PyObject *self, visitproc visit, void *arg)
{
    stream_object *stream = (stream_object *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(stream->dict);
    Py_VISIT(stream->buffer);
    return 0;
}

static int
stream_clear(PyObject *self)
{
    stream_object *stream = (stream_object *)self;
    Py_CLEAR(stream->dict);
    Py_CLEAR(stream->buffer);
    return 0;
}

static void
stream_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (((stream_object *)self)->weaklist != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    stream_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyGetSetDef text_getset[] = {
    {"name", get_name, NULL, NULL, NULL},
    {"mode", get_mode, NULL, NULL, NULL},
    {"encoding", get_encoding, NULL, NULL, NULL},
    {"errors", get_errors, NULL, NULL, NULL},
    {"buffer", get_buffer, NULL, NULL, NULL},
    {NULL},
};

static PyGetSetDef binary_getset[] = {
    {"name", get_name, NULL, NULL, NULL},
    {"mode", get_mode, NULL, NULL, NULL},
    {NULL},
};

static PyMethodDef text_output_methods[] = {
    {"write", text_write, METH_O, "Write text; return its length."},
    {"writable", stream_true, METH_NOARGS, NULL},
    {"reconfigure", _PyCFunction_CAST(stream_none),
     METH_VARARGS | METH_KEYWORDS, "Accepted, without effect."},
    {NULL},
};

static PyMethodDef binary_output_methods[] = {
    {"write", binary_write, METH_O, "Write bytes; return their number."},
    {"writable", stream_true, METH_NOARGS, NULL},
    {NULL},
};

static PyMethodDef text_input_methods[] = {
    {"read", _PyCFunction_CAST(text_read), METH_FASTCALL,
     "read(size=-1): that many characters, or all."},
    {"readline", _PyCFunction_CAST(text_readline), METH_FASTCALL,
     "readline(size=-1): up to the end of the line."},
    {"readable", stream_true, METH_NOARGS, NULL},
    {"reconfigure", _PyCFunction_CAST(stream_none),
     METH_VARARGS | METH_KEYWORDS, "Accepted, without effect."},
    {NULL},
};

static PyMethodDef binary_input_methods[] = {
    {"read", _PyCFunction_CAST(binary_read), METH_FASTCALL,
     "read(size=-1): that many bytes, or all."},
    {"read1", _PyCFunction_CAST(binary_read), METH_FASTCALL,
     "read1(size=-1): that many bytes, or all."},
    {"readline", _PyCFunction_CAST(binary_readline), METH_FASTCALL,
     "readline(size=-1): up to the end of the line."},
    {"readable", stream_true, METH_NOARGS, NULL},
    {NULL},
};

#define STREAM_SPEC(NAME, METHODS, GETSET)                                    \
    static PyType_Slot METHODS##_slots[] = {                                  \
        {Py_tp_dealloc, stream_dealloc}, {Py_tp_traverse, stream_traverse},   \
        {Py_tp_clear, stream_clear},     {Py_tp_methods, METHODS},            \
        {Py_tp_getset, GETSET},          {0, NULL}};                          \
    static PyType_Spec METHODS##_spec = {                                     \
        .name = NAME,                                                         \
        .basicsize = sizeof(stream_object),                                   \
        .flags = (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC                     \
                  | Py_TPFLAGS_IMMUTABLETYPE                                  \
                  | Py_TPFLAGS_DISALLOW_INSTANTIATION),                       \
        .slots = METHODS##_slots,                                             \
    }

STREAM_SPEC("restrict.TextOutput", text_output_methods, text_getset);
STREAM_SPEC("restrict.BinaryOutput", binary_output_methods, binary_getset);
STREAM_SPEC("restrict.TextInput", text_input_methods, text_getset);
STREAM_SPEC("restrict.BinaryInput", binary_input_methods, binary_getset);

/* --- Making them --------------------------------------------------------------------- */

static PyObject *
new_type(PyObject *io, const char *base_name, PyType_Spec *spec)
{
    PyObject *base = PyObject_GetAttrString(io, base_name);
    PyObject *type = base ? PyType_FromSpecWithBases(spec, base) : NULL;
    Py_XDECREF(base);
    return type;
}

/* Those of output, then those of input; each pair text and binary. */
static int
make_types(PyObject *io, PyObject *types[4])
{
    PyType_Spec *const specs[4] = {
        &text_output_methods_spec,
        &binary_output_methods_spec,
        &text_input_methods_spec,
        &binary_input_methods_spec,
    };
    for (int i = 0; i < 4; i++) {
        types[i] = new_type(io, i % 2 ? "_BufferedIOBase" : "_TextIOBase",
                            specs[i]);
        if (types[i] == NULL) {
            return -1;
        }
    }
    return 0;
}

static PyObject *
new_stream(PyObject *type, int fd, PyObject *buffer)
{
    stream_object *self = (stream_object *)((PyTypeObject *)type)
                              ->tp_alloc((PyTypeObject *)type, 0);
    if (self != NULL) {
        self->fd = fd;
        self->buffer = Py_XNewRef(buffer);
    }
    return (PyObject *)self;
}

static int
add_stream(PyObject *sysdict, PyObject *text_type, PyObject *binary_type,
           int fd, const char *name, const char *twin)
{
    PyObject *buffer = new_stream(binary_type, fd, NULL);
    PyObject *text = buffer ? new_stream(text_type, fd, buffer) : NULL;
    int err = text == NULL || PyDict_SetItemString(sysdict, name, text) < 0
              || PyDict_SetItemString(sysdict, twin, text) < 0;
    Py_XDECREF(text);
    Py_XDECREF(buffer);
    return err ? -1 : 0;
}

/* Make the three streams, in the new interpreter that is current. */
int
_PyRestrict_InitStreams(PyObject *io, PyObject *sysdict)
{
    PyObject *types[4] = {NULL};
    static const char *const names[3][2] = {
        {"stdin", "__stdin__"},
        {"stdout", "__stdout__"},
        {"stderr", "__stderr__"},
    };
    int err = make_types(io, types);
    for (int fd = 0; fd < 3 && err == 0; fd++) {
        PyObject **pair = types + (fd == 0 ? 2 : 0);
        err = add_stream(sysdict, pair[0], pair[1], fd, names[fd][0],
                         names[fd][1]);
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        Py_XDECREF(types[i]);
    }
    return err;
}

/* --- For the host ----------------------------------------------------------------------- */

int
PyRestrict_UseTrueStdin(PyInterpreterState *interp)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    return state == NULL ? -1 : (state->policy.true_stdin = 1, 0);
}

int
PyRestrict_UseTrueStdout(PyInterpreterState *interp)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    return state == NULL ? -1 : (state->policy.true_stdout = 1, 0);
}

int
PyRestrict_UseTrueStderr(PyInterpreterState *interp)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    return state == NULL ? -1 : (state->policy.true_stderr = 1, 0);
}

/* What the guest reads from its in-memory stdin: a copy of data. */
int
_PyRestrict_SetInput(PyInterpreterState *interp, const char *data,
                     Py_ssize_t size)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    state->stream[0].size = state->stream[0].position = 0;
    return write_memory(&state->stream[0], data, size, 0);
}

/* What it has written to its in-memory stream fd (1 or 2) until now. */
const char *
_PyRestrict_GetOutput(PyInterpreterState *interp, int fd, Py_ssize_t *size)
{
    struct _restrict_stream *stream = &interp->restricted->stream[fd];
    *size = (Py_ssize_t)stream->size;
    return stream->data;
}

/* Forget it. */
void
_PyRestrict_ClearOutput(PyInterpreterState *interp, int fd)
{
    interp->restricted->stream[fd].size = 0;
}

void
_PyRestrict_StreamsFini(struct _restrict_state *state)
{
    for (int fd = 0; fd < 3; fd++) {
        PyMem_RawFree(state->stream[fd].data);
    }
}

#endif /* WITH_RESTRICTED */
