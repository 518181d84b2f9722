/* The functions of the guest's _socket that turn names into addresses and
   back: getaddrinfo(), gethostbyname() and their kind.

   They stand in place of upstream's (rows `guard` of socket.tbl), know the
   names of restrict_names.c and no others, and send packets in one case only:
   with network_info, asking for the name of an address. */

#include "Python.h"
#include "pycore_restrict_names.h"

#ifdef WITH_RESTRICTED

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>  // gethostname()

/* --- getaddrinfo() ------------------------------------------------------- */

static int
service_port(const char *text)
{
    size_t len = strlen(text);
    if (len > 0 && len <= 5 && strspn(text, "0123456789") == len) {
        int port = atoi(text);
        if (port <= 65535) {
            return port;
        }
        _PyRestrict_RaiseGaiError(EAI_SERVICE);
        return -1;
    }
    if (_PyRestrict_NeedNetInfo("socket.getservbyname()") < 0) {
        return -1;
    }
    int port = _PyRestrict_FindService(text, NULL);
    if (port < 0) {
        _PyRestrict_RaiseGaiError(EAI_SERVICE);
    }
    return port;
}

static int
port_arg(PyObject *port)
{
    if (port == Py_None) {
        return 0;
    }
    if (PyLong_CheckExact(port)) {
        int overflow;
        long number = PyLong_AsLongAndOverflow(port, &overflow);
        if (overflow || number < 0 || number > 65535) {
            _PyRestrict_RaiseGaiError(EAI_SERVICE);
            return -1;
        }
        return (int)number;
    }
    const char *text = PyUnicode_Check(port) ? PyUnicode_AsUTF8(port)
                       : PyBytes_Check(port) ? PyBytes_AS_STRING(port)
                                             : NULL;
    if (text == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_OSError, "Int or String expected");
        }
        return -1;
    }
    return service_port(text);
}

/* What a socket's method takes. */
static PyObject *
sockaddr_object(const struct _restrict_answer *answer, int i, int port)
{
    char text[_PyRestrict_ADDRESS_TEXT];
    const _PyRestrict_Address *address = &answer->addresses[i];
    if (_PyRestrict_IsIPv4(address) && !answer->is_ipv6_text) {
        _PyRestrict_AddressText(address, text);
        return Py_BuildValue("(si)", text, port);
    }
    inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
    return Py_BuildValue("(siiI)", text, port, 0, (unsigned int)answer->scope);
}

static int
add_entry(PyObject *list, const struct _restrict_answer *answer, int i,
          int port, int type, int proto, int flags)
{
    int is_ipv4 = _PyRestrict_IsIPv4(&answer->addresses[i])
                  && !answer->is_ipv6_text;
    int first = PyList_GET_SIZE(list) == 0;
    PyObject *entry =
        Py_BuildValue("(iiisN)", is_ipv4 ? AF_INET : AF_INET6, type, proto,
                      first && (flags & AI_CANONNAME) ? answer->canonical : "",
                      sockaddr_object(answer, i, port));
    int err = entry == NULL ? -1 : PyList_Append(list, entry);
    Py_XDECREF(entry);
    return err;
}

static PyObject *
build_entries(const struct _restrict_answer *answer, int port, int family,
              int type, int proto, int flags)
{
    static const int kinds[2][2] = {
        {SOCK_STREAM, IPPROTO_TCP},
        {SOCK_DGRAM, IPPROTO_UDP},
    };
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && i < answer->n; i++) {
        if (!_PyRestrict_OfFamily(answer, i, family)) {
            continue;
        }
        for (int k = 0; list != NULL && k < 2; k++) {
            if ((type == 0 || type == kinds[k][0])
                && (proto == 0 || proto == kinds[k][1])
                && add_entry(list, answer, i, port, kinds[k][0], kinds[k][1],
                             flags)
                       < 0)
            {
                Py_CLEAR(list);
            }
        }
    }
    if (list != NULL && PyList_GET_SIZE(list) == 0) {
        Py_DECREF(list);
        int known = type == 0 || type == SOCK_STREAM || type == SOCK_DGRAM;
        return _PyRestrict_RaiseGaiError(known ? EAI_NONAME : EAI_SOCKTYPE);
    }
    return list;
}

/* No host: the machine's own addresses, to bind or to connect to. */
static PyObject *
entries_without_host(int port, int family, int type, int proto, int flags)
{
    static const _PyRestrict_Address own[2][2] = {
        {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}, {{[15] = 1}}},
        {{{[10] = 0xff, [11] = 0xff}}, {{0}}},
    };
    struct _restrict_answer answer = {
        .canonical = "", .addresses = own[(flags & AI_PASSIVE) != 0], .n = 2};
    return build_entries(&answer, port, family, type, proto, flags);
}

static PyObject *
net_getaddrinfo(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"host",  "port",  "family", "type",
                               "proto", "flags", NULL};
    PyObject *host, *port_object, *result = NULL;
    int family = AF_UNSPEC, type = 0, proto = 0, flags = 0;
    struct _restrict_answer answer;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|iiii:getaddrinfo",
                                     keywords, &host, &port_object, &family,
                                     &type, &proto, &flags))
    {
        return NULL;
    }
    int port = port_arg(port_object);
    if (port < 0) {
        return NULL;
    }
    if (host == Py_None) {
        return entries_without_host(port, family, type, proto, flags);
    }
    PyObject *bytes = _PyRestrict_NameBytes(host);
    if (bytes == NULL) {
        return NULL;
    }
    if (PyBytes_GET_SIZE(bytes) == 0) {
        result = entries_without_host(port, family, type, proto, flags);
    }
    else if (_PyRestrict_AnswerName(PyBytes_AS_STRING(bytes), port, &answer)
             == 0)
    {
        result = build_entries(&answer, port, family, type, proto, flags);
    }
    Py_DECREF(bytes);
    return result;
}

/* --- gethostbyname() and its kind ---------------------------------------- */

/* The IPv4 addresses, as text. */
static PyObject *
ipv4_texts(const struct _restrict_answer *answer)
{
    char text[_PyRestrict_ADDRESS_TEXT];
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && i < answer->n; i++) {
        if (_PyRestrict_OfFamily(answer, i, AF_INET)) {
            _PyRestrict_AddressText(&answer->addresses[i], text);
            PyObject *item = PyUnicode_FromString(text);
            if (item == NULL || PyList_Append(list, item) < 0) {
                Py_CLEAR(list);
            }
            Py_XDECREF(item);
        }
    }
    if (list != NULL && PyList_GET_SIZE(list) == 0) {
        Py_DECREF(list);
        return _PyRestrict_RaiseGaiError(EAI_FAMILY);
    }
    return list;
}

/* For gethostbyname() with and without _ex. */
static PyObject *
host_by_name(PyObject *args, const char *format, PyObject **bytes,
             struct _restrict_answer *answer)
{
    PyObject *name;
    if (!PyArg_ParseTuple(args, format, &name)) {
        return NULL;
    }
    *bytes = _PyRestrict_NameBytes(name);
    if (*bytes == NULL
        || _PyRestrict_AnswerName(PyBytes_AS_STRING(*bytes), 0, answer) < 0)
    {
        return NULL;
    }
    return ipv4_texts(answer);
}

static PyObject *
net_gethostbyname(PyObject *Py_UNUSED(module), PyObject *args)
{
    struct _restrict_answer answer;
    PyObject *bytes = NULL, *result = NULL;
    PyObject *list = host_by_name(args, "O:gethostbyname", &bytes, &answer);
    if (list != NULL) {
        result = Py_NewRef(PyList_GET_ITEM(list, 0));
        Py_DECREF(list);
    }
    Py_XDECREF(bytes);
    return result;
}

static PyObject *
net_gethostbyname_ex(PyObject *Py_UNUSED(module), PyObject *args)
{
    struct _restrict_answer answer;
    PyObject *bytes = NULL, *result = NULL;
    PyObject *list = host_by_name(args, "O:gethostbyname_ex", &bytes, &answer);
    if (list != NULL) {
        result = Py_BuildValue("(s[]N)", answer.canonical, list);
    }
    Py_XDECREF(bytes);
    return result;
}
/* --- From an address to a name ------------------------------------------- */

/* The name that the address was pinned for, or NULL. */
static const char *
pinned_name(const _PyRestrict_Address *address)
{
    const struct _restrict_net *net = _PyRestrict_GetState()->net;
    for (int i = 0; net != NULL && i < net->n_hosts; i++) {
        for (int j = 0; j < net->hosts[i].n_addresses; j++) {
            if (memcmp(&net->hosts[i].addresses[j], address, 16) == 0) {
                return net->hosts[i].name;
            }
        }
    }
    return NULL;
}

/* The name of an address: pinned, or the resolver's with network_info. */
static PyObject *
name_of(const _PyRestrict_Address *address, const char *function)
{
    const char *name = pinned_name(address);
    if (name != NULL) {
        return PyUnicode_FromString(name);
    }
    return _PyRestrict_NeedNetInfo(function) < 0
               ? NULL
               : _PyRestrict_ReverseLookUp(address);
}

/* The machine's own name, with network_info, is no secret. */
static int
is_own_name(const char *name)
{
    char own[256];
    return _PyRestrict_HasNetInfo() && gethostname(own, sizeof(own) - 1) == 0
           && (own[sizeof(own) - 1] = '\0', strcmp(own, name) == 0);
}

static int
answer_own(const char *name, struct _restrict_answer *answer)
{
    _PyRestrict_Address addresses[_PyRestrict_NAME_ADDRESSES];
    int n, err = _PyRestrict_LookUp(name, addresses, &n);
    if (err == _PyRestrict_LOOKUP_FAILED) {
        return -1;
    }
    if (err != 0 || n == 0) {
        _PyRestrict_RaiseGaiError(err != 0 ? err : EAI_NONAME);
        return -1;
    }
    *answer = (struct _restrict_answer){
        .canonical = name, .n = 1, .single = addresses[0]};
    answer->addresses = &answer->single;
    return 0;
}

static PyObject *
host_by_address(const char *name)
{
    struct _restrict_answer answer = {0};
    char text[_PyRestrict_ADDRESS_TEXT];
    if (!_PyRestrict_AnswerNumber(name, &answer)
        && !_PyRestrict_AnswerPinned(name, 0, &answer))
    {
        // getfqdn() asks in passing, and copes without.
        if (!is_own_name(name)) {
            return _PyRestrict_FromLibrary()
                       ? _PyRestrict_RaiseUnknownHost()
                       : (_PyRestrict_DenyHost(name, 0), NULL);
        }
        if (answer_own(name, &answer) < 0) {
            return NULL;
        }
    }
    PyObject *found = name_of(&answer.addresses[0], "socket.gethostbyaddr()");
    if (found == Py_None) {
        Py_DECREF(found);
        return _PyRestrict_RaiseUnknownHost();
    }
    _PyRestrict_AddressText(&answer.addresses[0], text);
    return found == NULL ? NULL : Py_BuildValue("(N[][s])", found, text);
}

static PyObject *
net_gethostbyaddr(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *name;
    if (!PyArg_ParseTuple(args, "O:gethostbyaddr", &name)) {
        return NULL;
    }
    PyObject *bytes = _PyRestrict_NameBytes(name);
    if (bytes == NULL) {
        return NULL;
    }
    PyObject *result = host_by_address(PyBytes_AS_STRING(bytes));
    Py_DECREF(bytes);
    return result;
}

/* The first part of what getnameinfo() returns. */
static PyObject *
host_part(const struct _restrict_answer *answer, int flags)
{
    char text[_PyRestrict_ADDRESS_TEXT];
    if (!(flags & NI_NUMERICHOST)) {
        PyObject *name = name_of(&answer->addresses[0],
                                 "socket.getnameinfo()");
        if (name != Py_None) {
            return name;
        }
        Py_DECREF(name);
        if (flags & NI_NAMEREQD) {
            return _PyRestrict_RaiseGaiError(EAI_NONAME);
        }
    }
    if (answer->is_ipv6_text) {
        inet_ntop(AF_INET6, answer->addresses[0].bytes, text, sizeof(text));
    }
    else {
        _PyRestrict_AddressText(&answer->addresses[0], text);
    }
    return PyUnicode_FromString(text);
}

/* The second: the port's name only with network_info. */
static PyObject *
service_part(int port, int flags)
{
    PyObject *name = NULL;
    if (!(flags & NI_NUMERICSERV) && _PyRestrict_HasNetInfo()) {
        name = _PyRestrict_FindPort(port, flags & NI_DGRAM ? "udp" : "tcp");
    }
    return name != NULL || PyErr_Occurred() ? name
                                            : PyUnicode_FromFormat("%d", port);
}

static PyObject *
net_getnameinfo(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *sa;
    const char *host;
    int port, flags;
    unsigned int flowinfo = 0, scope = 0;
    struct _restrict_answer answer = {0};
    if (!PyArg_ParseTuple(args, "O!i:getnameinfo", &PyTuple_Type, &sa, &flags)
        || !PyArg_ParseTuple(sa,
                             "si|II;getnameinfo(): illegal sockaddr "
                             "argument",
                             &host, &port, &flowinfo, &scope))
    {
        return NULL;
    }
    if (!_PyRestrict_AnswerNumber(host, &answer)) {
        return _PyRestrict_RaiseGaiError(EAI_NONAME);
    }
    PyObject *name = host_part(&answer, flags);
    PyObject *service = name != NULL ? service_part(port & 0xffff, flags)
                                     : NULL;
    if (service == NULL) {
        Py_XDECREF(name);
        return NULL;
    }
    return Py_BuildValue("(NN)", name, service);
}

/* --- The table ----------------------------------------------------------- */

PyMethodDef _PyRestrict_NameFunctions[] = {
    {"getaddrinfo", _PyCFunction_CAST(net_getaddrinfo),
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"gethostbyaddr", net_gethostbyaddr, METH_VARARGS, NULL},
    {"gethostbyname", net_gethostbyname, METH_VARARGS, NULL},
    {"gethostbyname_ex", net_gethostbyname_ex, METH_VARARGS, NULL},
    {"getnameinfo", net_getnameinfo, METH_VARARGS, NULL},
    {NULL, NULL},
};

#endif /* WITH_RESTRICTED */
