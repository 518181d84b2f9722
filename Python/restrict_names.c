/* What a name of the network stands for in a guest: a number, or a name that
   the host has pinned (restrict_resolve.c), and nothing else.  Every other
   name is refused after a look at the list, without a packet, a file read or
   a word of whether it exists. */

#include "Python.h"
#include "pycore_restrict_names.h"

#ifdef WITH_RESTRICTED

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

/* --- Refusing ------------------------------------------------------------ */

int
_PyRestrict_DenyHost(const char *name, int port)
{
    char grant[300], message[300];
    PyOS_snprintf(grant, sizeof(grant), "hosts = [[\"%s\", %d]]", name,
                  Py_MAX(port, 0));
    PyOS_snprintf(message, sizeof(message),
                  "look-up of '%.200s' is not allowed here", name);
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_PERMISSION,
        .capability = "host",
        .subject = name,
        .grant = _PyRestrict_ValidName(name) ? grant : NULL,
        .message = message,
        .filename = Py_None,
    });
}

int
_PyRestrict_HostCheck(const char *host, int port)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    port = port == 0 ? _PyRestrict_ANY_PORT : port;
    if (state == NULL
        || (state->net != NULL
            && _PyRestrict_FindHost(state->net, host, port) != NULL))
    {
        return 0;
    }
    return _PyRestrict_DenyHost(host, port);
}

/* socket.gaierror or socket.herror.  Always NULL. */
static PyObject *
raise_name_error(const char *class_name, int code, const char *text)
{
    PyObject *name = PyUnicode_FromString("_socket");
    PyObject *module = name != NULL ? PyImport_GetModule(name) : NULL;
    PyObject *type = NULL;
    Py_XDECREF(name);
    if (module != NULL) {
        type = PyObject_GetAttrString(module, class_name);
        Py_DECREF(module);
    }
    PyErr_Clear();
    PyObject *args = Py_BuildValue("(is)", code, text);
    if (args != NULL) {
        int usable = type != NULL && PyExceptionClass_Check(type);
        PyErr_SetObject(usable ? type : PyExc_OSError, args);
        Py_DECREF(args);
    }
    Py_XDECREF(type);
    return NULL;
}

PyObject *
_PyRestrict_RaiseGaiError(int code)
{
    return raise_name_error("gaierror", code, gai_strerror(code));
}

PyObject *
_PyRestrict_RaiseUnknownHost(void)
{
    return raise_name_error("herror", 1, "Unknown host");
}
/* --- What a guest's name stands for -------------------------------------- */

/* "fe80::1%2": 1.  0: no number behind the sign. */
static int
parse_scope(const char *text, char address[INET6_ADDRSTRLEN], uint32_t *scope)
{
    size_t len = strcspn(text, "%");
    *scope = 0;
    if (len >= INET6_ADDRSTRLEN) {
        return 0;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (text[len] == '\0') {
        return 1;
    }
    const char *digits = text + len + 1;
    size_t n = strlen(digits);
    if (n == 0 || n > 9 || strspn(digits, "0123456789") != n) {
        return 0;
    }
    *scope = (uint32_t)atoi(digits);
    return strchr(address, ':') != NULL;
}

int
_PyRestrict_AnswerNumber(const char *name, struct _restrict_answer *answer)
{
    char text[INET6_ADDRSTRLEN];
    if (!parse_scope(name, text, &answer->scope)
        || !_PyRestrict_ParseAddress(text, 0, &answer->single))
    {
        return 0;
    }
    answer->canonical = name;
    answer->addresses = &answer->single;
    answer->n = 1;
    answer->is_ipv6_text = strchr(name, ':') != NULL;
    return 1;
}

int
_PyRestrict_AnswerPinned(const char *name, int port,
                         struct _restrict_answer *answer)
{
    const struct _restrict_net *net = _PyRestrict_GetState()->net;
    const struct _restrict_pinned *host =
        net == NULL ? NULL
                    : _PyRestrict_FindHost(
                          net, name, port > 0 ? port : _PyRestrict_ANY_PORT);
    if (host == NULL) {
        return 0;
    }
    answer->canonical = host->name;
    answer->addresses = host->addresses;
    answer->n = host->n_addresses;
    return 1;
}

/* -1 with a refusal unless it is a number or a pinned name. */
int
_PyRestrict_AnswerName(const char *name, int port,
                       struct _restrict_answer *answer)
{
    *answer = (struct _restrict_answer){0};
    return _PyRestrict_AnswerNumber(name, answer)
                   || _PyRestrict_AnswerPinned(name, port, answer)
               ? 0
               : _PyRestrict_DenyHost(name, port);
}

/* Does the address belong to the family? */
int
_PyRestrict_OfFamily(const struct _restrict_answer *answer, int i, int family)
{
    int is_ipv4 = !answer->is_ipv6_text
                  && _PyRestrict_IsIPv4(&answer->addresses[i]);
    return family == AF_UNSPEC || family == (is_ipv4 ? AF_INET : AF_INET6);
}

static int
set_any(struct sockaddr *addr, int family)
{
    if (family == AF_INET6) {
        addr->sa_family = AF_INET6;
        return 16;
    }
    addr->sa_family = AF_INET;
    return 4;
}

static int
set_ipv6(struct sockaddr *addr, const struct _restrict_answer *answer, int i)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)addr;
    in->sin6_family = AF_INET6;
    memcpy(&in->sin6_addr, answer->addresses[i].bytes, 16);
    in->sin6_scope_id = answer->scope;
    return 16;
}

static int
set_ipv4(struct sockaddr *addr, const struct _restrict_answer *answer, int i)
{
    struct sockaddr_in *in = (struct sockaddr_in *)addr;
    in->sin_family = AF_INET;
    memcpy(&in->sin_addr, answer->addresses[i].bytes + 12, 4);
    return 4;
}

int
_PyRestrict_SetAddress(const char *name, struct sockaddr *addr, size_t size,
                       int family)
{
    struct _restrict_answer answer;
    size_t needed = family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                       : sizeof(struct sockaddr_in);
    if (size < needed) {
        PyErr_BadInternalCall();
        return -1;
    }
    memset(addr, 0, needed);
    if (name[0] == '\0') {
        return set_any(addr, family);
    }
    if (strcmp(name, "<broadcast>") == 0) {
        name = "255.255.255.255";
    }
    if (_PyRestrict_AnswerName(name, 0, &answer) < 0) {
        return -1;
    }
    for (int i = 0; i < answer.n; i++) {
        if (_PyRestrict_OfFamily(&answer, i, family)) {
            return family == AF_INET6 ? set_ipv6(addr, &answer, i)
                                      : set_ipv4(addr, &answer, i);
        }
    }
    _PyRestrict_RaiseGaiError(EAI_FAMILY);
    return -1;
}

PyObject *
_PyRestrict_NameBytes(PyObject *name)
{
    char *text;
    PyObject *bytes;
    if (PyUnicode_Check(name)) {
        bytes = PyUnicode_AsEncodedString(name, "idna", NULL);
    }
    else if (PyBytes_Check(name)) {
        bytes = Py_NewRef(name);
    }
    else {
        PyErr_Format(PyExc_TypeError,
                     "the host must be str or bytes, not %.100s",
                     Py_TYPE(name)->tp_name);
        return NULL;
    }
    if (bytes != NULL && PyBytes_AsStringAndSize(bytes, &text, NULL) < 0) {
        Py_CLEAR(bytes);
    }
    return bytes;
}

#endif /* WITH_RESTRICTED */
