/* Names of the network, as a guest may ask for them.

   These functions stand in the guest's _socket in place of upstream's (rows
   `guard` of socket.tbl).  They know numbers and the names that the host has
   pinned (restrict_resolve.c), and nothing else: every other name is refused
   after a look at the list, without a packet, a file read or a word of
   whether it exists.  What the machine knows about itself and the network
   around it they tell only with network_info; then asking for the name of an
   address may send packets.

   The frozen library asks for some of it in passing, for a greeting or a log,
   and copes without: it is not worth a refusal in the host's record. */

#include "Python.h"
#include "pycore_restrict_net.h"

#ifdef WITH_RESTRICTED

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>               // if_nameindex()
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>               // gethostname(), close()

/* --- Refusing ------------------------------------------------------------------------------ */

static int
has_info(void)
{
    const struct _restrict_net *net = _PyRestrict_GetState()->net;
    return net != NULL && net->info;
}

/* 0 with network_info, else -1 with a refusal of the function. */
static int
need_info(const char *function)
{
    return has_info() ? 0 : _PyRestrict_DenyInfo(function);
}

static int
deny_host(const char *name, int port)
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
    if (state == NULL
        || (state->net != NULL
            && _PyRestrict_FindHost(state->net, host, port) != NULL))
    {
        return 0;
    }
    return deny_host(host, port);
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

static PyObject *
gaierror(int code)
{
    return raise_name_error("gaierror", code, gai_strerror(code));
}

/* --- What a guest's name stands for -------------------------------------------------------- */

struct answer {
    const char *canonical;
    const _PyRestrict_Address *addresses;
    int n;
    _PyRestrict_Address single;
    int is_ipv6_text;             // "::ffff:127.0.0.1" is one
    uint32_t scope;
};

/* "fe80::1%2": 1.  0: no number behind the sign. */
static int
parse_scope(const char *text, char address[INET6_ADDRSTRLEN],
            uint32_t *scope)
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

static int
answer_number(const char *name, struct answer *answer)
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

static int
answer_pinned(const char *name, int port, struct answer *answer)
{
    const struct _restrict_net *net = _PyRestrict_GetState()->net;
    const struct _restrict_pinned *host = net == NULL ? NULL
        : _PyRestrict_FindHost(net, name, port > 0 ? port
                                          : _PyRestrict_ANY_PORT);
    if (host == NULL) {
        return 0;
    }
    answer->canonical = host->name;
    answer->addresses = host->addresses;
    answer->n = host->n_addresses;
    return 1;
}

/* -1 with a refusal unless it is a number or a pinned name. */
static int
answer_name(const char *name, int port, struct answer *answer)
{
    *answer = (struct answer){0};
    return answer_number(name, answer) || answer_pinned(name, port, answer)
           ? 0 : deny_host(name, port);
}

/* Does the address belong to the family? */
static int
of_family(const struct answer *answer, int i, int family)
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
set_ipv6(struct sockaddr *addr, const struct answer *answer, int i)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)addr;
    in->sin6_family = AF_INET6;
    memcpy(&in->sin6_addr, answer->addresses[i].bytes, 16);
    in->sin6_scope_id = answer->scope;
    return 16;
}

static int
set_ipv4(struct sockaddr *addr, const struct answer *answer, int i)
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
    struct answer answer;
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
    if (answer_name(name, 0, &answer) < 0) {
        return -1;
    }
    for (int i = 0; i < answer.n; i++) {
        if (of_family(&answer, i, family)) {
            return family == AF_INET6 ? set_ipv6(addr, &answer, i)
                                      : set_ipv4(addr, &answer, i);
        }
    }
    gaierror(EAI_FAMILY);
    return -1;
}

/* --- getaddrinfo() --------------------------------------------------------------------------- */

/* The name as bytes that end in a null, encoded by IDNA; a new reference. */
static PyObject *
name_bytes(PyObject *name)
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

#define SERVICE_ROOM 2048

/* The port, or -1.  Interpreters run side by side: not getservbyname(). */
static int
find_service(const char *name, const char *protocol)
{
    struct servent entry, *found = NULL;
    char room[SERVICE_ROOM];
    Py_BEGIN_ALLOW_THREADS
    getservbyname_r(name, protocol, &entry, room, sizeof(room), &found);
    Py_END_ALLOW_THREADS
    return found != NULL ? ntohs((uint16_t)found->s_port) : -1;
}

/* The name of the port's service: a new str; NULL without an exception. */
static PyObject *
find_port(int port, const char *protocol)
{
    struct servent entry, *found = NULL;
    char room[SERVICE_ROOM];
    Py_BEGIN_ALLOW_THREADS
    getservbyport_r(htons((uint16_t)port), protocol, &entry, room,
                    sizeof(room), &found);
    Py_END_ALLOW_THREADS
    return found != NULL ? PyUnicode_FromString(found->s_name) : NULL;
}

static int
service_port(const char *text)
{
    size_t len = strlen(text);
    if (len > 0 && len <= 5 && strspn(text, "0123456789") == len) {
        int port = atoi(text);
        if (port <= 65535) {
            return port;
        }
        gaierror(EAI_SERVICE);
        return -1;
    }
    if (need_info("socket.getservbyname()") < 0) {
        return -1;
    }
    int port = find_service(text, NULL);
    if (port < 0) {
        gaierror(EAI_SERVICE);
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
            gaierror(EAI_SERVICE);
            return -1;
        }
        return (int)number;
    }
    const char *text = PyUnicode_Check(port) ? PyUnicode_AsUTF8(port)
                       : PyBytes_Check(port) ? PyBytes_AS_STRING(port) : NULL;
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
sockaddr_object(const struct answer *answer, int i, int port)
{
    char text[_PyRestrict_ADDRESS_TEXT];
    const _PyRestrict_Address *address = &answer->addresses[i];
    if (_PyRestrict_IsIPv4(address) && !answer->is_ipv6_text) {
        _PyRestrict_AddressText(address, text);
        return Py_BuildValue("(si)", text, port);
    }
    inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
    return Py_BuildValue("(siiI)", text, port, 0,
                         (unsigned int)answer->scope);
}

static int
add_entry(PyObject *list, const struct answer *answer, int i, int port,
          int type, int proto, int flags)
{
    int is_ipv4 = _PyRestrict_IsIPv4(&answer->addresses[i])
                  && !answer->is_ipv6_text;
    int first = PyList_GET_SIZE(list) == 0;
    PyObject *entry = Py_BuildValue(
        "(iiisN)", is_ipv4 ? AF_INET : AF_INET6, type, proto,
        first && (flags & AI_CANONNAME) ? answer->canonical : "",
        sockaddr_object(answer, i, port));
    int err = entry == NULL ? -1 : PyList_Append(list, entry);
    Py_XDECREF(entry);
    return err;
}

static PyObject *
build_entries(const struct answer *answer, int port, int family, int type,
              int proto, int flags)
{
    static const int kinds[2][2] = {
        {SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}
    };
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && i < answer->n; i++) {
        if (!of_family(answer, i, family)) {
            continue;
        }
        for (int k = 0; list != NULL && k < 2; k++) {
            if ((type == 0 || type == kinds[k][0])
                && (proto == 0 || proto == kinds[k][1])
                && add_entry(list, answer, i, port, kinds[k][0],
                             kinds[k][1], flags) < 0)
            {
                Py_CLEAR(list);
            }
        }
    }
    if (list != NULL && PyList_GET_SIZE(list) == 0) {
        Py_DECREF(list);
        return gaierror(type != 0 && type != SOCK_STREAM
                        && type != SOCK_DGRAM ? EAI_SOCKTYPE : EAI_NONAME);
    }
    return list;
}

/* No host: the machine's own addresses, to bind or to connect to. */
static PyObject *
entries_without_host(int port, int family, int type, int proto, int flags)
{
    static const _PyRestrict_Address own[2][2] = {
        {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}},
         {{[15] = 1}}},
        {{{[10] = 0xff, [11] = 0xff}}, {{0}}},
    };
    struct answer answer = {.canonical = "",
                            .addresses = own[(flags & AI_PASSIVE) != 0],
                            .n = 2};
    return build_entries(&answer, port, family, type, proto, flags);
}

static PyObject *
net_getaddrinfo(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"host", "port", "family", "type", "proto",
                               "flags", NULL};
    PyObject *host, *port_object, *result = NULL;
    int family = AF_UNSPEC, type = 0, proto = 0, flags = 0;
    struct answer answer;
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
    PyObject *bytes = name_bytes(host);
    if (bytes == NULL) {
        return NULL;
    }
    if (PyBytes_GET_SIZE(bytes) == 0) {
        result = entries_without_host(port, family, type, proto, flags);
    }
    else if (answer_name(PyBytes_AS_STRING(bytes), port, &answer) == 0) {
        result = build_entries(&answer, port, family, type, proto, flags);
    }
    Py_DECREF(bytes);
    return result;
}

/* --- gethostbyname() and its kind --------------------------------------------------------------- */

/* The IPv4 addresses, as text. */
static PyObject *
ipv4_texts(const struct answer *answer)
{
    char text[_PyRestrict_ADDRESS_TEXT];
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && i < answer->n; i++) {
        if (of_family(answer, i, AF_INET)) {
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
        return gaierror(EAI_FAMILY);
    }
    return list;
}

/* For gethostbyname() with and without _ex. */
static PyObject *
host_by_name(PyObject *args, const char *format, PyObject **bytes,
             struct answer *answer)
{
    PyObject *name;
    if (!PyArg_ParseTuple(args, format, &name)) {
        return NULL;
    }
    *bytes = name_bytes(name);
    if (*bytes == NULL
        || answer_name(PyBytes_AS_STRING(*bytes), 0, answer) < 0)
    {
        return NULL;
    }
    return ipv4_texts(answer);
}

static PyObject *
net_gethostbyname(PyObject *Py_UNUSED(module), PyObject *args)
{
    struct answer answer;
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
    struct answer answer;
    PyObject *bytes = NULL, *result = NULL;
    PyObject *list = host_by_name(args, "O:gethostbyname_ex", &bytes,
                                  &answer);
    if (list != NULL) {
        result = Py_BuildValue("(s[]N)", answer.canonical, list);
    }
    Py_XDECREF(bytes);
    return result;
}

/* --- From an address to a name ------------------------------------------------------------------- */

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
    return need_info(function) < 0 ? NULL
           : _PyRestrict_ReverseLookUp(address);
}

/* The machine's own name, with network_info, is no secret. */
static int
is_own_name(const char *name)
{
    char own[256];
    return has_info() && gethostname(own, sizeof(own) - 1) == 0
           && (own[sizeof(own) - 1] = '\0', strcmp(own, name) == 0);
}

static int
answer_own(const char *name, struct answer *answer)
{
    _PyRestrict_Address addresses[_PyRestrict_NAME_ADDRESSES];
    int n, err = _PyRestrict_LookUp(name, addresses, &n);
    if (err == _PyRestrict_LOOKUP_FAILED) {
        return -1;
    }
    if (err != 0 || n == 0) {
        gaierror(err != 0 ? err : EAI_NONAME);
        return -1;
    }
    *answer = (struct answer){.canonical = name, .n = 1,
                              .single = addresses[0]};
    answer->addresses = &answer->single;
    return 0;
}

static PyObject *
host_by_address(const char *name)
{
    struct answer answer = {0};
    char text[_PyRestrict_ADDRESS_TEXT];
    if (!answer_number(name, &answer) && !answer_pinned(name, 0, &answer)) {
        // getfqdn() asks in passing, and copes without.
        if (!is_own_name(name)) {
            return _PyRestrict_FromLibrary()
                   ? raise_name_error("herror", 1, "Unknown host")
                   : (deny_host(name, 0), NULL);
        }
        if (answer_own(name, &answer) < 0) {
            return NULL;
        }
    }
    PyObject *found = name_of(&answer.addresses[0],
                              "socket.gethostbyaddr()");
    if (found == Py_None) {
        Py_DECREF(found);
        return raise_name_error("herror", 1, "Unknown host");
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
    PyObject *bytes = name_bytes(name);
    if (bytes == NULL) {
        return NULL;
    }
    PyObject *result = host_by_address(PyBytes_AS_STRING(bytes));
    Py_DECREF(bytes);
    return result;
}

/* The first part of what getnameinfo() returns. */
static PyObject *
host_part(const struct answer *answer, int flags)
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
            return gaierror(EAI_NONAME);
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
    if (!(flags & NI_NUMERICSERV) && has_info()) {
        name = find_port(port, flags & NI_DGRAM ? "udp" : "tcp");
    }
    return name != NULL || PyErr_Occurred()
           ? name : PyUnicode_FromFormat("%d", port);
}

static PyObject *
net_getnameinfo(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *sa;
    const char *host;
    int port, flags;
    unsigned int flowinfo = 0, scope = 0;
    struct answer answer = {0};
    if (!PyArg_ParseTuple(args, "O!i:getnameinfo", &PyTuple_Type, &sa, &flags)
        || !PyArg_ParseTuple(sa, "si|II;getnameinfo(): illegal sockaddr "
                             "argument", &host, &port, &flowinfo, &scope))
    {
        return NULL;
    }
    if (!answer_number(host, &answer)) {
        return gaierror(EAI_NONAME);
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

/* --- The machine and its interfaces ---------------------------------------------------------------- */

/* The library names the machine in a greeting; any name does. */
static PyObject *
net_gethostname(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    char name[256];
    if (!has_info() && _PyRestrict_FromLibrary()) {
        return PyUnicode_FromString("localhost.localdomain");
    }
    if (need_info("socket.gethostname()") < 0) {
        return NULL;
    }
    if (gethostname(name, sizeof(name) - 1) < 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    name[sizeof(name) - 1] = '\0';
    return PyUnicode_DecodeFSDefault(name);
}

static PyObject *
net_if_nameindex(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    if (need_info("socket.if_nameindex()") < 0) {
        return NULL;
    }
    struct if_nameindex *all = if_nameindex();
    if (all == NULL) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && all[i].if_index != 0; i++) {
        PyObject *item = Py_BuildValue("(IO&)", all[i].if_index,
                                       PyUnicode_DecodeFSDefault,
                                       all[i].if_name);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    if_freenameindex(all);
    return list;
}

static PyObject *
net_if_nametoindex(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *name;
    if (!PyArg_ParseTuple(args, "O&:if_nametoindex", PyUnicode_FSConverter,
                          &name))
    {
        return NULL;
    }
    unsigned int index = 0;
    int err = need_info("socket.if_nametoindex()");
    if (err == 0) {
        errno = ENODEV;
        index = if_nametoindex(PyBytes_AS_STRING(name));
        if (index == 0) {
            PyErr_SetFromErrno(PyExc_OSError);
        }
    }
    Py_DECREF(name);
    return index == 0 ? NULL : PyLong_FromUnsignedLong(index);
}

static PyObject *
net_if_indextoname(PyObject *Py_UNUSED(module), PyObject *arg)
{
    char name[IF_NAMESIZE + 1];
    unsigned long index = PyLong_AsUnsignedLong(arg);
    if ((index == (unsigned long)-1 && PyErr_Occurred())
        || need_info("socket.if_indextoname()") < 0)
    {
        return NULL;
    }
    errno = ENXIO;
    if (index > UINT_MAX || if_indextoname((unsigned int)index, name) == NULL)
    {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyUnicode_DecodeFSDefault(name);
}

/* --- Services and protocols -------------------------------------------------------------------------- */

static PyObject *
net_getservbyname(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name, *protocol = NULL;
    if (!PyArg_ParseTuple(args, "s|s:getservbyname", &name, &protocol)
        || need_info("socket.getservbyname()") < 0)
    {
        return NULL;
    }
    int port = find_service(name, protocol);
    if (port < 0) {
        PyErr_SetString(PyExc_OSError, "service/proto not found");
        return NULL;
    }
    return PyLong_FromLong(port);
}

static PyObject *
net_getservbyport(PyObject *Py_UNUSED(module), PyObject *args)
{
    int port;
    const char *protocol = NULL;
    if (!PyArg_ParseTuple(args, "i|s:getservbyport", &port, &protocol)
        || need_info("socket.getservbyport()") < 0)
    {
        return NULL;
    }
    if (port < 0 || port > 0xffff) {
        PyErr_SetString(PyExc_OverflowError,
                        "getservbyport: port must be 0-65535.");
        return NULL;
    }
    PyObject *found = find_port(port, protocol);
    if (found == NULL && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_OSError, "port/proto not found");
    }
    return found;
}

static PyObject *
net_getprotobyname(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name;
    struct protoent entry, *found = NULL;
    char room[SERVICE_ROOM];
    if (!PyArg_ParseTuple(args, "s:getprotobyname", &name)
        || need_info("socket.getprotobyname()") < 0)
    {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    getprotobyname_r(name, &entry, room, sizeof(room), &found);
    Py_END_ALLOW_THREADS
    if (found == NULL) {
        PyErr_SetString(PyExc_OSError, "protocol not found");
        return NULL;
    }
    return PyLong_FromLong(found->p_proto);
}

static PyObject *
net_close(PyObject *Py_UNUSED(module), PyObject *arg)
{
    int fd = PyLong_AsInt(arg);
    if ((fd == -1 && PyErr_Occurred()) || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    _PyRestrict_SocketForget(fd);
    if (close(fd) < 0 && errno != ECONNRESET && errno != EINTR) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

/* --- The table ------------------------------------------------------------------------------------------ */

static PyMethodDef functions[] = {
    {"close", net_close, METH_O, NULL},
    {"getaddrinfo", _PyCFunction_CAST(net_getaddrinfo),
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"gethostbyaddr", net_gethostbyaddr, METH_VARARGS, NULL},
    {"gethostbyname", net_gethostbyname, METH_VARARGS, NULL},
    {"gethostbyname_ex", net_gethostbyname_ex, METH_VARARGS, NULL},
    {"gethostname", net_gethostname, METH_NOARGS, NULL},
    {"getnameinfo", net_getnameinfo, METH_VARARGS, NULL},
    {"getprotobyname", net_getprotobyname, METH_VARARGS, NULL},
    {"getservbyname", net_getservbyname, METH_VARARGS, NULL},
    {"getservbyport", net_getservbyport, METH_VARARGS, NULL},
    {"if_indextoname", net_if_indextoname, METH_O, NULL},
    {"if_nameindex", net_if_nameindex, METH_NOARGS, NULL},
    {"if_nametoindex", net_if_nametoindex, METH_VARARGS, NULL},
    {NULL, NULL}
};

PyMethodDef *
_PyRestrict_FindSocketFunction(const char *name)
{
    for (PyMethodDef *def = functions; def->ml_name != NULL; def++) {
        if (strcmp(def->ml_name, name) == 0) {
            return def;
        }
    }
    return NULL;
}

#endif  /* WITH_RESTRICTED */
