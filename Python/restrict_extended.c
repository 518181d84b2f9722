/* Protections that extension modules define for themselves.

   A module that reaches something of its own -- a table of a data base, a
   device, a pool of connections -- names it by a group, its own name, and a
   type.  The host sets what a guest may do with it, and the module asks before
   it does it.  There are four kinds, and a (group, type) is of the kind that
   it was first set as:

     true         the guest may, or may not
     cap          a number that the uses together may not exceed
     membership   a set of strings
     value        one string

   What was not set is refused, and so is a question of the wrong kind: the
   policy and the module do not mean the same then.  The group "Python" is kept
   for the core: nobody can set it, and so it is always refused.

   Memory is raw: it is the host's. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#define RESERVED "Python"

enum kind { KIND_TRUE, KIND_CAP, KIND_MEMBERSHIP, KIND_VALUE };

static const char *const kind_names[] = {
    [KIND_TRUE] = "true",
    [KIND_CAP] = "a cap",
    [KIND_MEMBERSHIP] = "a membership",
    [KIND_VALUE] = "a value",
};

struct _restrict_protection {
    struct _restrict_protection *next;
    char *group, *type;
    enum kind kind;
    Py_ssize_t cap, used;            // a cap
    struct _restrict_names members;  // a membership
    char *value;                     // a value
};

static struct _restrict_protection *
find(const struct _restrict_extended *extended, const char *group,
     const char *type)
{
    struct _restrict_protection *item = extended->first;
    while (
        item != NULL
        && (strcmp(item->group, group) != 0 || strcmp(item->type, type) != 0))
    {
        item = item->next;
    }
    return item;
}

static void
free_protection(struct _restrict_protection *item)
{
    _PyRestrict_NamesFini(&item->members);
    PyMem_RawFree(item->group);
    PyMem_RawFree(item->type);
    PyMem_RawFree(item->value);
    PyMem_RawFree(item);
}

void
_PyRestrict_ExtendedFini(struct _restrict_extended *extended)
{
    while (extended->first != NULL) {
        struct _restrict_protection *next = extended->first->next;
        free_protection(extended->first);
        extended->first = next;
    }
}

/* --- Setting ------------------------------------------------------------------ */

static int
names_valid(const char *group, const char *type)
{
    if (*group == '\0' || *type == '\0') {
        PyErr_SetString(PyExc_ValueError,
                        "a group and a type cannot be empty");
        return 0;
    }
    if (strcmp(group, RESERVED) == 0) {
        PyErr_SetString(PyExc_ValueError,
                        "the group '" RESERVED "' is reserved");
        return 0;
    }
    return 1;
}

static struct _restrict_protection *
add(struct _restrict_extended *extended, const char *group, const char *type,
    enum kind kind)
{
    struct _restrict_protection *item = PyMem_RawCalloc(1, sizeof(*item));
    if (item != NULL) {
        item->kind = kind;
        item->group = _PyMem_RawStrdup(group);
        item->type = _PyMem_RawStrdup(type);
    }
    if (item == NULL || item->group == NULL || item->type == NULL) {
        if (item != NULL) {
            free_protection(item);
        }
        PyErr_NoMemory();
        return NULL;
    }
    item->next = extended->first;
    extended->first = item;
    return item;
}

/* The protection to set, new or not; NULL with an exception. */
static struct _restrict_protection *
to_set(PyInterpreterState *interp, const char *group, const char *type,
       enum kind kind)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL || !names_valid(group, type)) {
        return NULL;
    }
    struct _restrict_protection *item = find(&state->extended, group, type);
    if (item == NULL) {
        return add(&state->extended, group, type, kind);
    }
    if (item->kind != kind) {
        PyErr_Format(PyExc_TypeError,
                     "extended protection ('%s', '%s') is %s, not %s", group,
                     type, kind_names[item->kind], kind_names[kind]);
        return NULL;
    }
    return item;
}

int
PyRestrict_ExtendedSetTrue(PyInterpreterState *interp, const char *group,
                           const char *type)
{
    return to_set(interp, group, type, KIND_TRUE) != NULL ? 0 : -1;
}

int
PyRestrict_ExtendedValueCap(PyInterpreterState *interp, const char *group,
                            const char *type, Py_ssize_t cap)
{
    if (cap < 0 && _PyRestrict_StateOf(interp) != NULL) {
        PyErr_SetString(PyExc_ValueError, "a cap cannot be negative");
        return -1;
    }
    struct _restrict_protection *item = to_set(interp, group, type, KIND_CAP);
    if (item == NULL) {
        return -1;
    }
    item->cap = cap;
    return 0;
}

int
PyRestrict_ExtendedAddMembership(PyInterpreterState *interp, const char *group,
                                 const char *type, const char *string)
{
    struct _restrict_protection *item = to_set(interp, group, type,
                                               KIND_MEMBERSHIP);
    if (item == NULL) {
        return -1;
    }
    if (_PyRestrict_NamesAdd(&item->members, string) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

int
PyRestrict_ExtendedSetValue(PyInterpreterState *interp, const char *group,
                            const char *type, const char *string)
{
    struct _restrict_protection *item = to_set(interp, group, type,
                                               KIND_VALUE);
    if (item == NULL) {
        return -1;
    }
    char *copy = _PyMem_RawStrdup(string);
    if (copy == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyMem_RawFree(item->value);
    item->value = copy;
    return 0;
}

/* --- Refusing ------------------------------------------------------------------- */

struct text {
    char data[400];
    size_t n;
    int cut;  // it did not fit: of no use
};

static void
append(struct text *text, const char *what)
{
    size_t n = strlen(what);
    if (n >= sizeof(text->data) - text->n) {
        text->cut = 1;
        return;
    }
    memcpy(text->data + text->n, what, n + 1);
    text->n += n;
}

/* As a string of TOML's. */
static void
append_quoted(struct text *text, const char *what)
{
    append(text, "\"");
    for (; *what != '\0'; what++) {
        char c[] = {*what, '\0'};
        if (*what == '"' || *what == '\\') {
            append(text, "\\");
        }
        append(text, c);
    }
    append(text, "\"");
}

/* The policy entry that would allow it. */
static void
make_grant(struct text *grant, const char *group, const char *type,
           enum kind kind, const char *string, Py_ssize_t cap)
{
    char number[32];
    append(grant, "extended = {");
    append_quoted(grant, group);
    append(grant, " = {");
    append_quoted(grant, type);
    append(grant, kind == KIND_MEMBERSHIP ? " = [" : " = ");
    if (kind == KIND_TRUE) {
        append(grant, "true");
    }
    else if (kind == KIND_CAP) {
        PyOS_snprintf(number, sizeof(number), "%zd", cap);
        append(grant, number);
    }
    else if (string != NULL) {
        append_quoted(grant, string);
    }
    append(grant, kind == KIND_MEMBERSHIP ? "]}}" : "}}");
}

static int
deny(const struct _restrict_protection *item, const char *group,
     const char *type, enum kind kind, const char *string, Py_ssize_t cap)
{
    struct text grant = {.n = 0}, subject = {.n = 0}, message = {.n = 0};
    const char *parts[] = {group, ".", type, string ? ": " : "",
                           string ? string : ""};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(parts); i++) {
        append(&subject, parts[i]);
    }
    append(&message, subject.data);
    append(&message, " is not allowed here");
    if (item != NULL && item->kind != kind) {
        append(&subject, " (the policy has ");
        append(&subject, kind_names[item->kind]);
        append(&subject, ", the module asks for ");
        append(&subject, kind_names[kind]);
        append(&subject, ")");
    }
    make_grant(&grant, group, type, kind, string, cap);
    int none = grant.cut || cap < 0 || strcmp(group, RESERVED) == 0;
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_CALL,
        .capability = "extended",
        .subject = subject.data,
        .grant = none ? NULL : grant.data,
        .message = message.data,
    });
}

/* --- Asking --------------------------------------------------------------------- */

int
_PyRestrict_ExtendedTrueCheck(const char *group, const char *type)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL) {
        return 0;
    }
    struct _restrict_protection *item = find(&state->extended, group, type);
    if (item != NULL && item->kind == KIND_TRUE) {
        return 0;
    }
    return deny(item, group, type, KIND_TRUE, NULL, 0);
}

static int
negative(Py_ssize_t amount)
{
    if (amount < 0) {
        PyErr_SetString(PyExc_SystemError, "an amount cannot be negative");
    }
    return amount < 0;
}

int
_PyRestrict_ExtendedValueCharge(const char *group, const char *type,
                                Py_ssize_t increase)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL) {
        return 0;
    }
    if (negative(increase)) {
        return -1;
    }
    struct _restrict_protection *item = find(&state->extended, group, type);
    int is_cap = item != NULL && item->kind == KIND_CAP;
    Py_ssize_t used = is_cap ? item->used : 0;
    if (is_cap && used <= item->cap && increase <= item->cap - used) {
        item->used += increase;
        return 0;
    }
    Py_ssize_t needed = increase <= PY_SSIZE_T_MAX - used ? used + increase
                                                          : -1;
    return deny(item, group, type, KIND_CAP, NULL, needed);
}

int
_PyRestrict_ExtendedValueRefund(const char *group, const char *type,
                                Py_ssize_t decrease)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL) {
        return 0;
    }
    if (negative(decrease)) {
        return -1;
    }
    struct _restrict_protection *item = find(&state->extended, group, type);
    if (item == NULL || item->kind != KIND_CAP) {
        return deny(item, group, type, KIND_CAP, NULL, decrease);
    }
    if (decrease > item->used) {
        PyErr_Format(PyExc_SystemError,
                     "more of '%s.%s' is given back than was taken", group,
                     type);
        return -1;
    }
    item->used -= decrease;
    return 0;
}

int
_PyRestrict_ExtendedMembershipCheck(const char *group, const char *type,
                                    const char *string)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL) {
        return 0;
    }
    struct _restrict_protection *item = find(&state->extended, group, type);
    if (item != NULL && item->kind == KIND_MEMBERSHIP
        && _PyRestrict_NamesHave(&item->members, string))
    {
        return 0;
    }
    return deny(item, group, type, KIND_MEMBERSHIP, string, 0);
}

int
_PyRestrict_ExtendedValueCheck(const char *group, const char *type,
                               const char *string)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL) {
        return 0;
    }
    struct _restrict_protection *item = find(&state->extended, group, type);
    if (item != NULL && item->kind == KIND_VALUE
        && strcmp(item->value, string) == 0)
    {
        return 0;
    }
    return deny(item, group, type, KIND_VALUE, string, 0);
}

#endif /* WITH_RESTRICTED */
