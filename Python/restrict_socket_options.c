/* Options of a guest's sockets.

   Those of a table here, and no others: nothing that reaches other sockets,
   other interfaces, the routing or kernel modules, and none that lets close()
   wait.  What is looked at must still be there when it is used, so no argument
   may run code of the guest's in between. */

#include "Python.h"
#include "pycore_restrict_net.h"

#ifdef WITH_RESTRICTED

#include <netinet/in.h>
#include <netinet/tcp.h>

#define SETS 1
#define GETS 2
#define STREAM 4  // of such sockets only
#define LINGER 8  // a value that must not let close() wait

static const struct {
    int level, name, how;
} options[] = {
    {SOL_SOCKET, SO_ACCEPTCONN, GETS},
    {SOL_SOCKET, SO_DOMAIN, GETS},
    {SOL_SOCKET, SO_ERROR, GETS},
    {SOL_SOCKET, SO_KEEPALIVE, SETS | GETS},
    {SOL_SOCKET, SO_LINGER, SETS | GETS | LINGER},
    {SOL_SOCKET, SO_OOBINLINE, SETS | GETS},
    {SOL_SOCKET, SO_PROTOCOL, GETS},
    {SOL_SOCKET, SO_RCVBUF, SETS | GETS},
    {SOL_SOCKET, SO_RCVLOWAT, SETS | GETS},
    {SOL_SOCKET, SO_RCVTIMEO, SETS | GETS},
    // Two datagram sockets with it can share a port, and steal.
    {SOL_SOCKET, SO_REUSEADDR, SETS | GETS | STREAM},
    {SOL_SOCKET, SO_SNDBUF, SETS | GETS},
    {SOL_SOCKET, SO_SNDTIMEO, SETS | GETS},
    {SOL_SOCKET, SO_TYPE, GETS},
    {IPPROTO_IP, IP_TOS, SETS | GETS},
    {IPPROTO_IPV6, IPV6_V6ONLY, SETS | GETS},
    {IPPROTO_TCP, TCP_CORK, SETS | GETS},
    {IPPROTO_TCP, TCP_KEEPCNT, SETS | GETS},
    {IPPROTO_TCP, TCP_KEEPIDLE, SETS | GETS},
    {IPPROTO_TCP, TCP_KEEPINTVL, SETS | GETS},
    {IPPROTO_TCP, TCP_MAXSEG, GETS},
    {IPPROTO_TCP, TCP_NODELAY, SETS | GETS},
    {IPPROTO_TCP, TCP_QUICKACK, SETS | GETS},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, SETS | GETS},
};

/* struct linger as bytes, that is off or of no time. */
static int
linger_harmless(PyObject *value)
{
    struct linger linger;
    if (value == NULL || !PyBytes_CheckExact(value)
        || PyBytes_GET_SIZE(value) != sizeof(linger))
    {
        return 0;
    }
    memcpy(&linger, PyBytes_AS_STRING(value), sizeof(linger));
    return linger.l_onoff == 0 || linger.l_linger == 0;
}

static int
option_allowed(int fd, int level, int name, PyObject *value, int set)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(options); i++) {
        int how = options[i].how;
        if (options[i].level == level && options[i].name == name) {
            return (how & (set ? SETS : GETS))
                   && (!set || !(how & LINGER) || linger_harmless(value))
                   && (!set || !(how & STREAM) || _PyRestrict_IsStream(fd));
        }
    }
    return 0;
}

/* Does reading it as a number or as bytes run none of the guest's code?  That
   could put another socket in the place of the one that was looked at. */
static int
is_inert(PyObject *value)
{
    return PyLong_Check(value) || value == Py_None || PyBytes_CheckExact(value)
           || PyByteArray_CheckExact(value) || PyMemoryView_Check(value);
}

/* Level and option, and a value, that stay the same when read again. */
static int
read_option(PyObject *args, int number[2])
{
    for (int i = 0; i < 2; i++) {
        if (!PyLong_CheckExact(PyTuple_GET_ITEM(args, i))) {
            PyErr_SetString(PyExc_TypeError,
                            "level and option must be plain integers");
            return -1;
        }
        number[i] = PyLong_AsInt(PyTuple_GET_ITEM(args, i));
        if (number[i] == -1 && PyErr_Occurred()) {
            return -1;
        }
    }
    for (Py_ssize_t i = 2; i < PyTuple_GET_SIZE(args); i++) {
        if (!is_inert(PyTuple_GET_ITEM(args, i))) {
            PyErr_SetString(PyExc_TypeError,
                            "the value must be an integer or bytes");
            return -1;
        }
    }
    return 0;
}

/* Before setsockopt() and getsockopt() read the same arguments. */
int
_PyRestrict_SocketOption(int fd, PyObject *args, int set)
{
    int number[2];
    char subject[80];
    if (_PyRestrict_SocketUse(fd) < 0) {
        return -1;
    }
    if (PyTuple_GET_SIZE(args) < 2) {
        return 0;  // the method says what is wrong
    }
    if (read_option(args, number) < 0) {
        return -1;
    }
    PyObject *value = PyTuple_GET_SIZE(args) > 2 ? PyTuple_GET_ITEM(args, 2)
                                                 : NULL;
    if (option_allowed(fd, number[0], number[1], value, set)) {
        return 0;
    }
    PyOS_snprintf(subject, sizeof(subject), "%cetsockopt(%d, %d)",
                  set ? 's' : 'g', number[0], number[1]);
    return _PyRestrict_DenySocket(subject);
}

#endif /* WITH_RESTRICTED */
