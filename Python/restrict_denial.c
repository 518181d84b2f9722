/* One function records every refusal.

   Refusing has three steps, always in this order: count, record, raise.  The
   record keeps what the host needs to understand and to change its policy:
   the capability, the subject as the guest named it, the guest's own file and
   line, and the grant that would have allowed it.  It is bounded, and merges
   equal refusals, so that a loop with a million of them costs little and
   loses no count.  The guest gets an exception with a terse text: never
   whether a thing exists, where it is, or what the policy holds.

   The record is in raw memory: a guest at its memory cap cannot prevent that
   its refusals are recorded. */

#include "Python.h"
#include "pycore_code.h"   // PyCode_Addr2Line()
#include "pycore_frame.h"  // _PyThreadState_GetFrame()
#include "pycore_lock.h"   // _PyMutex_LockTimed()
#include "pycore_restrict.h"
#include "pycore_restrict_frozen.h"  // _PyRestrict_CO_FROZEN

#include <time.h>

#ifdef WITH_RESTRICTED

#define SUBJECT_SIZE 200
#define GRANT_SIZE (PATH_MAX + 200)

/* --- The exceptions ---------------------------------------------------------- */

static const struct {
    const char *name;
    PyObject **also;  // what ordinary code handles already
    const char *doc;
} exceptions[_PyRestrict_N_KINDS] = {
    [_PyRestrict_ERROR] = {"restrict.RestrictedError", &PyExc_Exception,
                           "The policy does not allow this."},
    [_PyRestrict_ATTRIBUTE] = {"restrict.RestrictedAttributeError",
                               &PyExc_AttributeError,
                               "The policy does not allow this attribute."},
    [_PyRestrict_PERMISSION] =
        {"restrict.RestrictedPermissionError", &PyExc_PermissionError,
         "The policy does not allow this file, address or look-up."},
    [_PyRestrict_IMPORT] = {"restrict.RestrictedImportError",
                            &PyExc_ModuleNotFoundError,
                            "The policy does not allow this import."},
    [_PyRestrict_CALL] = {"restrict.RestrictedCallError", &PyExc_RuntimeError,
                          "The policy does not allow this call."},
};

static PyObject *
new_exception(_PyRestrict_Kind kind)
{
    PyObject *bases;
    if (kind == _PyRestrict_ERROR) {
        bases = PyTuple_Pack(1, *exceptions[kind].also);
    }
    else {
        PyObject *base = _PyRestrict_GetException(_PyRestrict_ERROR);
        bases = base ? PyTuple_Pack(2, base, *exceptions[kind].also) : NULL;
        Py_XDECREF(base);
    }
    if (bases == NULL) {
        return NULL;
    }
    PyObject *type = PyErr_NewExceptionWithDoc(
        exceptions[kind].name, exceptions[kind].doc, bases, NULL);
    Py_DECREF(bases);
    if (type != NULL) {
        // The guest must not give the class methods that run when we raise.
        ((PyTypeObject *)type)->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
    }
    return type;
}

const char *
_PyRestrict_ExceptionName(_PyRestrict_Kind kind)
{
    return exceptions[kind].name + strlen("restrict.");
}

/* A new reference to this interpreter's class.  They are kept out of reach
   of the guest, in the interpreter's own dict. */
PyObject *
_PyRestrict_GetException(_PyRestrict_Kind kind)
{
    PyObject *dict = PyInterpreterState_GetDict(_PyInterpreterState_GET());
    PyObject *type;
    if (dict == NULL) {
        return PyErr_NoMemory();
    }
    if (PyDict_GetItemStringRef(dict, exceptions[kind].name, &type) != 0) {
        return type;
    }
    type = new_exception(kind);
    if (type != NULL
        && PyDict_SetItemString(dict, exceptions[kind].name, type) < 0)
    {
        Py_CLEAR(type);
    }
    return type;
}

/* --- The record ---------------------------------------------------------------- */

/* Code of the standard library, which is not what the host asks about.  In a
   restricted interpreter it has a flag that no code of the guest's can have;
   in guarded mode it is the host's, and its file name tells. */
static int
is_library(const PyCodeObject *code, const char *name)
{
    if (_PyInterpreterState_GET()->restricted != NULL) {
        return (code->co_flags & _PyRestrict_CO_FROZEN) != 0;
    }
    return strncmp(name, "<frozen ", 8) == 0;
}

/* Where in the guest's own source are we? */
static void
find_location(char *filename, size_t size, int *line)
{
    filename[0] = '\0';
    *line = 0;
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
    for (; frame != NULL; frame = _PyFrame_GetFirstComplete(frame->previous)) {
        PyCodeObject *code = _PyFrame_GetCode(frame);
        // Cached or freshly made: ASCII names need no memory, others a little.
        const char *name = PyUnicode_Check(code->co_filename)
                               ? PyUnicode_AsUTF8(code->co_filename)
                               : NULL;
        if (name == NULL) {
            PyErr_Clear();
            name = "?";  // what no encoding has is a guest's invention
        }
        if (!is_library(code, name)) {
            PyOS_snprintf(filename, size, "%s", name);
            *line = PyUnstable_InterpreterFrame_GetLine(frame);
            return;
        }
    }
}

/* How many bytes the control character at p has; 0 if it is none.  Beyond
   ASCII: C1 controls, the ends of lines and paragraphs, and what changes the
   direction of text. */
static size_t
control_size(const unsigned char *p)
{
    if (p[0] < 0x20 || p[0] == 0x7f) {
        return 1;
    }
    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
        return 2;
    }
    if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) {
        return 3;
    }
    return p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9 ? 3
                                                                        : 0;
}

/* Without the character that was cut at the end, if one was. */
static size_t
whole_length(const char *text, size_t n)
{
    size_t last = n;
    while (last > 0 && n - last < 3 && (text[last - 1] & 0xc0) == 0x80) {
        last--;
    }
    if (last == 0) {
        return n;
    }
    unsigned char first = (unsigned char)text[--last];
    size_t size = first >= 0xf0   ? 4
                  : first >= 0xe0 ? 3
                  : first >= 0xc0 ? 2
                                  : 1;
    return n - last < size ? last : n;
}

/* Copy text, with control characters as '?', so that it can neither forge
   lines of a log nor drive a terminal.  What is cut ends with a whole
   character. */
static void
copy_printable(char *to, size_t size, const char *from)
{
    size_t i = 0;
    while (*from != '\0' && i + 1 < size) {
        size_t control = control_size((const unsigned char *)from);
        to[i++] = control ? '?' : *from;
        from += control ? control : 1;
    }
    to[whole_length(to, i)] = '\0';
}

static double
now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static void
entry_clear(struct _restrict_denial *entry)
{
    PyMem_RawFree((char *)entry->public.subject);
    PyMem_RawFree((char *)entry->public.filename);
    PyMem_RawFree((char *)entry->public.grant);
    *entry = (struct _restrict_denial){0};
}

/* FNV-1a over what makes two denials equal. */
static uint64_t
denial_hash(const PyRestrictDenial *denial)
{
    const char *parts[] = {denial->capability, denial->subject,
                           denial->filename};
    uint64_t hash = 14695981039346656037u ^ (uint64_t)denial->line;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(parts); i++) {
        for (const char *p = parts[i]; *p != '\0'; p++) {
            hash = (hash ^ (unsigned char)*p) * 1099511628211u;
        }
        hash = (hash ^ 0xff) * 1099511628211u;
    }
    return hash;
}

static int
entry_same(const PyRestrictDenial *a, const PyRestrictDenial *b)
{
    return a->line == b->line && strcmp(a->capability, b->capability) == 0
           && strcmp(a->subject, b->subject) == 0
           && strcmp(a->filename, b->filename) == 0;
}

/* What came first stays, and what came last: a guest cannot push out of the
   record what it did before it began to fill it. */
#define KEPT (_PyRestrict_LOG_SIZE / 2)

/* The entry for this denial: the one it merges with, a free one, or of those
   that do not stay the one not seen for longest, cleared. */
static struct _restrict_denial *
log_slot(struct _restrict_log *log, const PyRestrictDenial *denial,
         uint64_t hash)
{
    struct _restrict_denial *oldest = &log->entries[KEPT];
    for (int i = 0; i < log->n_entries; i++) {
        struct _restrict_denial *entry = &log->entries[i];
        if (entry->hash == hash && entry_same(&entry->public, denial)) {
            return entry;
        }
        if (i > KEPT && entry->public.last_time < oldest->public.last_time) {
            oldest = entry;
        }
    }
    if (log->n_entries < _PyRestrict_LOG_SIZE) {
        return &log->entries[log->n_entries++];
    }
    entry_clear(oldest);
    return oldest;
}

/* The last entry goes where this one was; a free one is all zero. */
static void
log_close_gap(struct _restrict_log *log, struct _restrict_denial *entry)
{
    struct _restrict_denial *last = &log->entries[--log->n_entries];
    *entry = *last;
    *last = (struct _restrict_denial){0};
}

static void
log_add_locked(struct _restrict_log *log, const PyRestrictDenial *denial)
{
    if (log->entries == NULL) {
        log->entries = PyMem_RawCalloc(_PyRestrict_LOG_SIZE,
                                       sizeof(*log->entries));
        if (log->entries == NULL) {
            return;
        }
    }
    uint64_t hash = denial_hash(denial);
    struct _restrict_denial *entry = log_slot(log, denial, hash);
    if (entry->public.count == 0) {
        entry->public = *denial;
        entry->hash = hash;
        entry->public.subject = _PyMem_RawStrdup(denial->subject);
        entry->public.filename = _PyMem_RawStrdup(denial->filename);
        entry->public.grant = denial->grant ? _PyMem_RawStrdup(denial->grant)
                                            : NULL;
        if (entry->public.subject == NULL || entry->public.filename == NULL) {
            entry_clear(entry);
            log_close_gap(log, entry);
            return;
        }
    }
    entry->public.count++;
    entry->public.last_time = denial->last_time;
}

/* The lock is held for microseconds: waiting keeps the GIL. */
static void
log_add(struct _restrict_log *log, const PyRestrictDenial *denial)
{
    _PyMutex_LockTimed(&log->mutex, -1, _Py_LOCK_DONT_DETACH);
    log_add_locked(log, denial);
    PyMutex_Unlock(&log->mutex);
}

static size_t
text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *
copy_text(char **to, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    char *copy = memcpy(*to, text, strlen(text) + 1);
    *to += strlen(text) + 1;
    return copy;
}

static PyRestrictDenial *
log_copy(const struct _restrict_log *log)
{
    size_t size = sizeof(PyRestrictDenial) * (log->n_entries + 1);
    for (int i = 0; i < log->n_entries; i++) {
        const PyRestrictDenial *denial = &log->entries[i].public;
        size += text_size(denial->subject) + text_size(denial->filename)
                + text_size(denial->grant);
    }
    PyRestrictDenial *copy = PyMem_RawMalloc(size);
    char *text = copy ? (char *)(copy + log->n_entries) : NULL;
    for (int i = 0; copy != NULL && i < log->n_entries; i++) {
        copy[i] = log->entries[i].public;
        copy[i].subject = copy_text(&text, copy[i].subject);
        copy[i].filename = copy_text(&text, copy[i].filename);
        copy[i].grant = copy_text(&text, copy[i].grant);
    }
    return copy;
}

static PyObject *
denial_row(const PyRestrictDenial *denial)
{
    const char *texts[] = {denial->subject, denial->filename, denial->grant};
    PyObject *rows[3];
    for (int i = 0; i < 3; i++) {
        rows[i] = texts[i] != NULL ? PyUnicode_DecodeUTF8(
                                         texts[i], strlen(texts[i]), "replace")
                                   : Py_NewRef(Py_None);
    }
    return Py_BuildValue("(sNNiNKdd)", denial->capability, rows[0], rows[1],
                         denial->line, rows[2], denial->count,
                         denial->first_time, denial->last_time);
}

PyObject *
_PyRestrict_ListDenials(struct _restrict_log *log)
{
    _PyMutex_LockTimed(&log->mutex, -1, _Py_LOCK_DONT_DETACH);
    int n = log->n_entries;
    PyRestrictDenial *denials = log_copy(log);
    PyMutex_Unlock(&log->mutex);
    if (denials == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *list = PyList_New(n);
    for (int i = 0; i < n && list != NULL; i++) {
        PyObject *row = denial_row(&denials[i]);
        if (row == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, row);
    }
    PyMem_RawFree(denials);
    return list;
}

void
_PyRestrict_LogFini(struct _restrict_log *log)
{
    for (int i = 0; i < log->n_entries; i++) {
        entry_clear(&log->entries[i]);
    }
    PyMem_RawFree(log->entries);
    *log = (struct _restrict_log){0};
}

static void
record(struct _restrict_log *log, const struct _restrict_request *request)
{
    char subject[SUBJECT_SIZE], filename[SUBJECT_SIZE], raw[SUBJECT_SIZE];
    char grant[GRANT_SIZE];
    PyRestrictDenial denial = {.capability = request->capability,
                               .subject = subject,
                               .filename = filename};
    copy_printable(subject, sizeof(subject), request->subject);
    find_location(raw, sizeof(raw), &denial.line);
    copy_printable(filename, sizeof(filename), raw);
    if (request->grant != NULL) {
        // A grant is offered as it is, or it would allow something else.
        copy_printable(grant, sizeof(grant), request->grant);
        denial.grant = strcmp(grant, request->grant) == 0 ? grant : NULL;
    }
    denial.first_time = denial.last_time = now();
    log_add(log, &denial);
    if (log->hook != NULL) {
        denial.count = 1;
        log->hook(&denial, log->hook_arg);
    }
}

/* --- Refusing -------------------------------------------------------------------- */

static void
raise_refusal(const struct _restrict_request *request)
{
    PyObject *type = _PyRestrict_GetException(request->kind);
    if (type == NULL) {
        return;
    }
    PyObject *text;
    if (request->message != NULL) {
        // It may be cut in the middle of a character.
        text = PyUnicode_DecodeUTF8(request->message, strlen(request->message),
                                    "replace");
    }
    else {
        text = PyUnicode_FromFormat("%s '%s' is not allowed here",
                                    request->capability, request->subject);
    }
    if (text != NULL && request->filename == Py_None) {
        Py_SETREF(text, Py_BuildValue("(iO)", EACCES, text));
    }
    else if (text != NULL && request->filename != NULL) {
        Py_SETREF(text,
                  Py_BuildValue("(iOO)", EACCES, text, request->filename));
    }
    if (text != NULL) {
        PyErr_SetObject(type, text);
        Py_DECREF(text);
    }
    Py_DECREF(type);
}

int
_PyRestrict_Deny(const struct _restrict_request *request)
{
    PyErr_Clear();
    struct _restrict_state *state = _PyRestrict_GetState();
    struct _restrict_log *log = state != NULL ? &state->log
                                              : _PyRestrict_GuardedLog();
    if (log != NULL) {
        _Py_atomic_store_ullong_relaxed(&log->n_denials, log->n_denials + 1);
        record(log, request);
    }
    raise_refusal(request);
    return -1;
}

/* Assigning is no call; what it is about is an attribute. */
static int
is_setter(const char *subject)
{
    static const char *const setters[] = {
        "frame.f_lineno",
        "function.__code__",
        "type.__bases__",
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(setters); i++) {
        if (strcmp(setters[i], subject) == 0) {
            return 1;
        }
    }
    return 0;
}

int
_PyRestrict_GuardCall(const char *subject)
{
    if (is_setter(subject)) {
        return _PyRestrict_GuardAttribute(subject);
    }
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_CALL,
        .capability = "call",
        .subject = subject,
    });
}

int
PyRestrict_SetDenialHook(PyInterpreterState *interp,
                         PyRestrictDenialHook callback, void *arg)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    state->log.hook = callback;
    state->log.hook_arg = arg;
    return 0;
}

#endif /* WITH_RESTRICTED */
