/* Memory safety of what a guest can reach: see pycore_restrict_harden.h.

   Memory is lent to objects of a program in the form of a memoryview that has
   no owner: BufferedReader hands its buffer to raw.readinto(), bytes.decode()
   hands its bytes to a codec.  Whoever keeps the view has a window on memory
   that is soon given to something else.  A guest gets a copy, which lives as
   long as the view does. */

#include "Python.h"
#include "pycore_frame.h"  // _PyFrame_New_NoTrack()
#include "pycore_restrict_harden.h"
#include "../Modules/_sre/sre_constants.h"

#ifdef WITH_RESTRICTED

/* A view of zeros that can be written, or a copy of what can only be read. */
static PyObject *
copy_of(const Py_buffer *memory)
{
    if (memory->readonly) {
        return PyBytes_FromStringAndSize(memory->buf, memory->len);
    }
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, memory->len);
    if (bytes != NULL) {
        memset(PyByteArray_AS_STRING(bytes), 0, (size_t)memory->len);
    }
    return bytes;
}

PyObject *
_PyRestrict_LendView(const Py_buffer *memory)
{
    if (memory->buf == NULL) {
        return PyMemoryView_FromBuffer(memory);
    }
    PyObject *copy = copy_of(memory);
    if (copy == NULL) {
        return NULL;
    }
    PyObject *view = PyMemoryView_FromObject(copy);
    Py_DECREF(copy);
    return view;
}

/* Copy what was written to the view to where it was meant to go.  A view that
   was released meanwhile has nothing any more: zeros, and not what the memory
   held before. */
void
_PyRestrict_TakeBack(PyObject *view, void *memory, Py_ssize_t size)
{
    PyMemoryViewObject *lent = (PyMemoryViewObject *)view;
    if ((lent->flags & _Py_MEMORYVIEW_RELEASED)
        || (lent->mbuf->flags & _Py_MANAGED_BUFFER_RELEASED))
    {
        memset(memory, 0, (size_t)size);
        return;
    }
    memcpy(memory, lent->view.buf, (size_t)size);
}

PyObject *
_PyRestrict_LendMemory(char *memory, Py_ssize_t size)
{
    Py_buffer buffer;
    if (PyBuffer_FillInfo(&buffer, NULL, memory, size, 0, PyBUF_CONTIG) < 0) {
        return NULL;
    }
    return _PyRestrict_LendView(&buffer);
}

/* function(view); takes the reference to the view. */
PyObject *
_PyRestrict_ReadInto(PyObject *function, PyObject *view, void *memory,
                     Py_ssize_t size)
{
    PyObject *result = PyObject_CallOneArg(function, view);
    _PyRestrict_TakeBack(view, memory, size);
    Py_DECREF(view);
    return result;
}

PyFrameObject *
_PyRestrict_MakeFrameObject(_PyInterpreterFrame *frame)
{
    PyObject *raised = PyErr_GetRaisedException();
    PyFrameObject *f = _PyFrame_New_NoTrack(_PyFrame_GetCode(frame));
    if (f != NULL) {
        f->f_frame = frame;
        frame->frame_obj = f;
    }
    else {
        PyErr_Clear();
    }
    PyErr_SetRaisedException(raised);
    return f;
}

#define INPUT_SLICE ((size_t)1 << 16)

size_t
_PyRestrict_SliceOf(size_t input)
{
    _PyRestrict_IF_STOPPED(_PyThreadState_GET(), return 0);
    return Py_MIN(input, INPUT_SLICE);
}

int
_PyRestrict_ToBytes(PyObject **object)
{
    if (*object == NULL || PyBytes_CheckExact(*object)) {
        return 0;
    }
    PyObject *bytes = PyBytes_FromObject(*object);
    if (bytes == NULL) {
        return -1;
    }
    Py_SETREF(*object, bytes);
    return 0;
}

/* The C library's strftime() puts the name of the zone on the stack, once for
   each %Z, and is not interrupted. */
#define FORMAT_SIZE 8192  // characters
#define ZONE_SIZE 256     // bytes

int
_PyRestrict_CheckFormat(Py_ssize_t size, const char *zone)
{
    if (size > FORMAT_SIZE) {
        PyErr_SetString(PyExc_ValueError, "the format is too long");
        return -1;
    }
    if (zone != NULL && strlen(zone) > ZONE_SIZE) {
        PyErr_SetString(PyExc_ValueError, "the zone's name is too long");
        return -1;
    }
    return 0;
}

/* The first n of a tuple are exceptions or None, as the unwinder expects. */
int
_PyRestrict_IsSplit(PyObject *pair, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *part = PyTuple_GET_ITEM(pair, i);
        if (part != Py_None && !PyExceptionInstance_Check(part)) {
            PyErr_SetString(PyExc_TypeError,
                            "split() must return exceptions or None");
            return 0;
        }
    }
    return 1;
}

/* A search that has found the literal prefix of a pattern goes on behind the
   first n characters of it, wherever that is in the code: it must be behind n
   literals.  -1: it is not. */
int
_PyRestrict_CheckPrefix(const uint32_t *code, const uint32_t *end, uint32_t n)
{
    if (n > (uintptr_t)(end - code) / 2) {
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t op = code[2 * i];
        if (op != SRE_OP_LITERAL && op != SRE_OP_LITERAL_IGNORE
            && op != SRE_OP_LITERAL_UNI_IGNORE
            && op != SRE_OP_LITERAL_LOC_IGNORE)
        {
            return -1;
        }
    }
    return 0;
}

#endif /* WITH_RESTRICTED */
