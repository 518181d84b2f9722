/* The network of a restricted interpreter: grants, addresses, sockets.

   Python/restrict_net.c reads addresses and decides, restrict_resolve.c looks
   names up on the host's side, restrict_names.c, restrict_addrinfo.c and
   restrict_netinfo.c answer the guest's questions, restrict_socket.c guards
   the methods of sockets and counts, restrict_socket_options.c has the options
   that they may set. */

#ifndef Py_INTERNAL_RESTRICT_NET_H
#define Py_INTERNAL_RESTRICT_NET_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#include <sys/socket.h>  // struct sockaddr

/* === Addresses (restrict_net.c) ============================================== */

/* All are IPv6: an IPv4 address a.b.c.d is ::ffff:a.b.c.d, which the kernel
   takes for the same. */
typedef struct {
    unsigned char bytes[16];
} _PyRestrict_Address;

/* Room for "[address]:port" and for "[network/prefix]:port-port". */
#define _PyRestrict_ADDRESS_TEXT 80

typedef struct {
    int first, last;  // 0 to 65535
} _PyRestrict_Ports;

struct _restrict_endpoints {
    _PyRestrict_Address network;
    int prefix;  // bits of it that count, of 128
    _PyRestrict_Ports ports;
};

/* A name, and what it stood for when the host allowed it. */
struct _restrict_pinned {
    char *name;  // lower case, without a dot at the end
    _PyRestrict_Ports ports;
    _PyRestrict_Address *addresses;
    int n_addresses;
};

/* 64 descriptors, a bit for each. */
struct _restrict_sockets {
    uint64_t all;      // is it a socket
    uint64_t streams;  // and one with a connection?
};

/* NULL in the state of a guest without any grant of this kind. */
struct _restrict_net {
    struct _restrict_endpoints *grants;  // raw memory
    int n_grants;
    struct _restrict_pinned *hosts;  // raw memory
    int n_hosts;
    int info;  // PyRestrict_AllowNetworkInfo()
    struct _restrict_sockets *sockets;
    size_t n_socket_words;
    int n_sockets;
    int socket_cap;              // 0: the default
    long long bytes, bytes_cap;  // -1: no cap
};

/* How many sockets a guest may have open, unless the host says otherwise. */
#define _PyRestrict_OPEN_SOCKETS 64

/* The numeric address that the text is: 1, or 0 if it is none.  As the C
   library reads it, so that "127.1", "0x7f000001" and "017700000001" are
   127.0.0.1 here too.  With strict, four decimal parts only. */
extern int _PyRestrict_ParseAddress(const char *text, int strict,
                                    _PyRestrict_Address *result);
/* The same with "/bits" behind; 0 also if a bit is set past them. */
extern int _PyRestrict_ParseNetwork(const char *text,
                                    struct _restrict_endpoints *result);
extern int _PyRestrict_IsIPv4(const _PyRestrict_Address *address);
/* Of AF_INET or AF_INET6: 1, with the port; 0: it is neither. */
extern int _PyRestrict_FromSockaddr(const struct sockaddr *addr, socklen_t len,
                                    _PyRestrict_Address *address, int *port);
extern void _PyRestrict_AddressText(const _PyRestrict_Address *address,
                                    char text[_PyRestrict_ADDRESS_TEXT]);
/* Why no name may stand for the address unless it is allowed itself:
   "loopback", "private", "link-local", "multicast", "unspecified",
   "metadata" or "reserved"; NULL: it may. */
extern const char *_PyRestrict_AddressClass(
    const _PyRestrict_Address *address);

#define _PyRestrict_ANY_PORT -1
/* Is it allowed, by address or through a name? */
extern int _PyRestrict_NetCovers(const struct _restrict_net *net,
                                 const _PyRestrict_Address *address, int port);
/* Is it, by address? */
extern int _PyRestrict_GrantsCover(const struct _restrict_net *net,
                                   const _PyRestrict_Address *address,
                                   int port);
/* The name as it was allowed, for the port; NULL: it was not. */
extern const struct _restrict_pinned *_PyRestrict_FindHost(
    const struct _restrict_net *net, const char *name, int port);
/* In lower case, without the last dot.  0: it is too long for a name. */
extern int _PyRestrict_NormalName(const char *name, char result[256]);
/* Add a grant.  0, or -1 without memory. */
extern int _PyRestrict_NetAllow(struct _restrict_net *net,
                                const struct _restrict_endpoints *endpoints);
extern int _PyRestrict_NetPin(struct _restrict_net *net, const char *name,
                              _PyRestrict_Ports ports,
                              const _PyRestrict_Address *addresses, int n);

extern struct _restrict_net *_PyRestrict_NetNew(void);

/* === Names, on the host's side (restrict_resolve.c) ============================ */

#define _PyRestrict_NAME_ADDRESSES 64  // that are kept of a name

/* Could it be the name of a host? */
extern int _PyRestrict_ValidName(const char *name);
/* Ask the resolver, for at most five seconds.  0 and the addresses; an error
   code of getaddrinfo(); or LOOKUP_FAILED with an exception. */
#define _PyRestrict_LOOKUP_FAILED 10000
extern int _PyRestrict_LookUp(const char *name, _PyRestrict_Address *addresses,
                              int *n);
/* The name of an address: a new str, None, or NULL with an exception. */
extern PyObject *_PyRestrict_ReverseLookUp(const _PyRestrict_Address *address);
/* Pin the addresses of the list, as if the name had been looked up. */
PyAPI_FUNC(int) _PyRestrict_PinHost(PyInterpreterState *interp,
                                    const char *host, int first_port,
                                    int last_port, PyObject *addresses);

/* === Names, for the guest (pycore_restrict_names.h) ===================================== */

/* Put a guest's address for a name into addr; 4 or 16, or -1. */
// Exported for the '_socket' shared extension.
PyAPI_FUNC(int) _PyRestrict_SetAddress(const char *name, struct sockaddr *addr,
                                       size_t size, int family);

/* === Sockets (restrict_socket.c) ================================================ */

/* The network of an interpreter, made if there is none; NULL: an exception. */
extern struct _restrict_net *_PyRestrict_NetOf(PyInterpreterState *interp);
/* Refuse for want of network information; what a guest names the function
   that told it.  Always -1. */
extern int _PyRestrict_DenyInfo(const char *function);
/* Refuse a kind of socket, an option: nothing would allow it.  Always -1. */
extern int _PyRestrict_DenySocket(const char *subject);
/* Is the descriptor that of a stream? */
extern int _PyRestrict_IsStream(int fd);
/* Is the code that calls frozen in, and not the guest's own? */
extern int _PyRestrict_FromLibrary(void);

// Exported for the '_socket' and '_ssl' shared extensions.
PyAPI_FUNC(int) _PyRestrict_SocketUse(int fd);
PyAPI_FUNC(int) _PyRestrict_SocketNew(int family, int type, int proto);
PyAPI_FUNC(int) _PyRestrict_SocketAdopt(int fd);
PyAPI_FUNC(int) _PyRestrict_SocketOwn(int fd, int type);
PyAPI_FUNC(void) _PyRestrict_SocketForget(int fd);
PyAPI_FUNC(int) _PyRestrict_SocketConnect(int fd, const struct sockaddr *addr,
                                          socklen_t len);
PyAPI_FUNC(int) _PyRestrict_SocketBind(int fd, const struct sockaddr *addr,
                                       socklen_t len);
PyAPI_FUNC(int) _PyRestrict_SocketListen(int fd);
PyAPI_FUNC(int) _PyRestrict_SocketAccept(int fd);
PyAPI_FUNC(int) _PyRestrict_SocketAccepted(int fd, const struct sockaddr *addr,
                                           socklen_t len);
PyAPI_FUNC(int) _PyRestrict_SocketName(const struct sockaddr *addr,
                                       socklen_t len);
PyAPI_FUNC(int) _PyRestrict_SocketOption(int fd, PyObject *args, int set);
PyAPI_FUNC(int) _PyRestrict_SocketSend(int fd, Py_ssize_t *size, int flags);
PyAPI_FUNC(int) _PyRestrict_SocketSendTo(int fd, Py_ssize_t *size, int flags,
                                         const struct sockaddr *addr,
                                         socklen_t len);
PyAPI_FUNC(int) _PyRestrict_SocketSendMsg(int fd, const struct msghdr *msg,
                                          int flags);
PyAPI_FUNC(int) _PyRestrict_SocketIsStream(int fd);
extern int _PyRestrict_IsSocket(int fd);
PyAPI_FUNC(int) _PyRestrict_SocketReceive(int fd, int flags);
PyAPI_FUNC(int) _PyRestrict_SocketReceived(const struct sockaddr *addr,
                                           socklen_t len, char *data,
                                           Py_ssize_t size, Py_ssize_t room);
PyAPI_FUNC(int) _PyRestrict_SocketReceivedMsg(const struct msghdr *msg,
                                              Py_ssize_t size);
PyAPI_FUNC(int) _PyRestrict_ChargeNet(Py_ssize_t size);

/* === TLS (restrict_socket.c, Modules/_ssl/restrict.h) ============================= */

/* In each of _ssl's objects. */
struct _restrict_tls {
    Py_ssize_t memory;  // charged; given back with the object
    Py_ssize_t buffer;  // of that, for data on its way
    uint64_t bytes;     // over the wire, charged
};
#define _PyRestrict_TLS_MEMBER struct _restrict_tls restricted;

/* It must be the guest's own stream. */
PyAPI_FUNC(int) _PyRestrict_TLSUse(int fd);
/* Open a file to read beneath the grants.  A descriptor that is not the
   guest's, with the file's size; or -1 with an exception. */
PyAPI_FUNC(int) _PyRestrict_TLSOpen(PyObject *name, const char *path,
                                    long long *size);

/* --- One-line hooks ------------------------------------------------------------ */

#define _PyRestrict_NET_GUARD(check, on_refusal)                              \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && (check) < 0) {                          \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)

/* This descriptor must be the guest's own; a closed socket's -1 passes, for
   the system to complain of. */
#define _PyRestrict_SOCKET_USE(fd, on_refusal)                                \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketUse(fd), on_refusal)
#define _PyRestrict_SOCKET_NEW(family, type, proto, on_refusal)               \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketNew(family, type, proto),         \
                          on_refusal)
/* A descriptor by number: the guest's own, and what the kernel says it is. */
#define _PyRestrict_SOCKET_ADOPT(fd, family, type, proto, on_refusal)         \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            if (_PyRestrict_SocketAdopt(fd) < 0) {                            \
                on_refusal;                                                   \
            }                                                                 \
            family = type = proto = -1;                                       \
        }                                                                     \
    } while (0)
/* type: as the guest asked for it, or the kernel says. */
#define _PyRestrict_SOCKET_OWN(fd, type, on_error)                            \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketOwn(fd, type), on_error)
#define _PyRestrict_SOCKET_FORGET(fd)                                         \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            _PyRestrict_SocketForget(fd);                                     \
        }                                                                     \
    } while (0)
/* It is closed next, unless it is not the guest's. */
#define _PyRestrict_SOCKET_CLOSE(fd, on_refusal)                              \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            if (_PyRestrict_SocketUse(fd) < 0) {                              \
                on_refusal;                                                   \
            }                                                                 \
            _PyRestrict_SocketForget(fd);                                     \
        }                                                                     \
    } while (0)
#define _PyRestrict_SOCKET_CONNECT(fd, addr, len, on_refusal)                 \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketConnect(fd, addr, len), on_refusal)
#define _PyRestrict_SOCKET_BIND(fd, addr, len, on_refusal)                    \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketBind(fd, addr, len), on_refusal)
#define _PyRestrict_SOCKET_LISTEN(fd, on_refusal)                             \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketListen(fd), on_refusal)
#define _PyRestrict_SOCKET_ACCEPT(fd, on_refusal)                             \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketAccept(fd), on_refusal)
/* A peer that is not allowed is hung up on. */
#define _PyRestrict_SOCKET_ACCEPTED(fd, addr, len, on_refusal)                \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketAccepted(fd, addr, len),          \
                          on_refusal)
#define _PyRestrict_SOCKET_NAME(addr, len, on_refusal)                        \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketName(addr, len), on_refusal)
#define _PyRestrict_SOCKET_OPTION(fd, args, set, on_refusal)                  \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketOption(fd, args, set), on_refusal)
/* Once more before select() itself: to get a descriptor is to call fileno() of
   a guest's object, which can close others. */
#define _PyRestrict_SELECT_USE(r, w, x, on_refusal)                           \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            const pylist *lists_[] = {(r), (w), (x)};                         \
            for (size_t i_ = 0; i_ < Py_ARRAY_LENGTH(lists_); i_++) {         \
                const pylist *one_ = lists_[i_];                              \
                for (; one_->sentinel >= 0; one_++) {                         \
                    if (_PyRestrict_CheckDescriptor(one_->fd) < 0) {          \
                        on_refusal;                                           \
                    }                                                         \
                }                                                             \
            }                                                                 \
        }                                                                     \
    } while (0)
/* Before sending: flags, and as much as the cap still allows. */
#define _PyRestrict_SOCKET_SEND(fd, size, flags, on_refusal)                  \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketSend(fd, size, flags), on_refusal)
#define _PyRestrict_SOCKET_SENDTO(fd, size, flags, addr, len, on_refusal)     \
    _PyRestrict_NET_GUARD(                                                    \
        _PyRestrict_SocketSendTo(fd, size, flags, addr, len), on_refusal)
#define _PyRestrict_SOCKET_SENDMSG(fd, msg, flags, on_refusal)                \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketSendMsg(fd, msg, flags),          \
                          on_refusal)
/* After sending. */
#define _PyRestrict_SOCKET_SENT(size, on_refusal)                             \
    _PyRestrict_NET_GUARD(_PyRestrict_ChargeNet(size), on_refusal)
/* Before receiving. */
#define _PyRestrict_SOCKET_RECEIVE(fd, flags, on_refusal)                     \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketReceive(fd, flags), on_refusal)
/* After: a datagram from elsewhere is wiped. */
#define _PyRestrict_SOCKET_RECEIVED(addr, len, data, size, room, on_refusal)  \
    _PyRestrict_NET_GUARD(                                                    \
        _PyRestrict_SocketReceived(addr, len, data, size, room), on_refusal)
#define _PyRestrict_SOCKET_RECEIVEDMSG(msg, size, on_refusal)                 \
    _PyRestrict_NET_GUARD(_PyRestrict_SocketReceivedMsg(msg, size), on_refusal)
/* recv() of a datagram is recvfrom() for a guest: only that tells who sent
   it. */
#define _PyRestrict_SOCKET_RECV(fd, flags, recvfrom_call)                     \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            if (!_PyRestrict_SocketIsStream(fd)) {                            \
                PyObject *from = NULL;                                        \
                Py_ssize_t size = recvfrom_call;                              \
                Py_XDECREF(from);                                             \
                return size;                                                  \
            }                                                                 \
            if (_PyRestrict_SocketReceive(fd, flags) < 0) {                   \
                return -1;                                                    \
            }                                                                 \
        }                                                                     \
    } while (0)
#define _PyRestrict_SOCKET_RESOLVE(name, addr, size, family)                  \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            return _PyRestrict_SetAddress(name, addr, size, family);          \
        }                                                                     \
    } while (0)

#else /* !WITH_RESTRICTED */

#define _PyRestrict_SOCKET_USE(fd, on_refusal)
#define _PyRestrict_SOCKET_NEW(family, type, proto, on_refusal)
#define _PyRestrict_SOCKET_ADOPT(fd, family, type, proto, on_refusal)
#define _PyRestrict_SOCKET_OWN(fd, type, on_error)
#define _PyRestrict_SOCKET_FORGET(fd)
// The label that is jumped to stays in use.
#define _PyRestrict_SOCKET_CLOSE(fd, on_refusal)                              \
    do {                                                                      \
        if (0) {                                                              \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)
#define _PyRestrict_SOCKET_CONNECT(fd, addr, len, on_refusal)
#define _PyRestrict_SOCKET_BIND(fd, addr, len, on_refusal)
#define _PyRestrict_SOCKET_LISTEN(fd, on_refusal)
#define _PyRestrict_SOCKET_ACCEPT(fd, on_refusal)
#define _PyRestrict_SOCKET_ACCEPTED(fd, addr, len, on_refusal)
#define _PyRestrict_SOCKET_NAME(addr, len, on_refusal)
#define _PyRestrict_SOCKET_OPTION(fd, args, set, on_refusal)
#define _PyRestrict_SELECT_USE(r, w, x, on_refusal)
#define _PyRestrict_SOCKET_SEND(fd, size, flags, on_refusal)
#define _PyRestrict_SOCKET_SENDTO(fd, size, flags, addr, len, on_refusal)
#define _PyRestrict_SOCKET_SENDMSG(fd, msg, flags, on_refusal)
#define _PyRestrict_SOCKET_SENT(size, on_refusal)
#define _PyRestrict_SOCKET_RECEIVE(fd, flags, on_refusal)
#define _PyRestrict_SOCKET_RECEIVED(addr, len, data, size, room, on_refusal)
#define _PyRestrict_SOCKET_RECEIVEDMSG(msg, size, on_refusal)
#define _PyRestrict_SOCKET_RECV(fd, flags, recvfrom_call)
#define _PyRestrict_SOCKET_RESOLVE(name, addr, size, family)
#define _PyRestrict_TLS_MEMBER

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_NET_H */
