/* The crippled socket (003: "Socket Usage").

   Each method of a socket that reaches the operating system asks, wherever
   the object came from: its descriptor must be one that the running guest
   opened itself (restrict_file.c keeps them), and the numeric address must be
   allowed, whatever name or spelling it came from:

     connect, sendto, sendmsg   the address and port it goes to
     bind, listen               the guest's own address and port
     accept                     the peer's address; its port is its own choice
     recv, recvfrom, recvmsg    of a datagram, the sender's address and port

   What is sent is refused before any system call.  What came unasked is
   thrown away before the guest sees a byte of it: the connection is closed,
   the datagram wiped.

   A guest makes sockets of IPv4 and IPv6, TCP and UDP, no others, with the
   options of restrict_socket_options.c and few flags.  There is no ancillary
   data to send.  A descriptor by number must be the guest's own, and is what
   the kernel says that it is. */

#include "Python.h"
#include "pycore_code.h"   // PyCodeObject
#include "pycore_frame.h"  // _PyFrame_GetCode()
#include "pycore_restrict_frozen.h"
#include "pycore_restrict_net.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

static struct _restrict_net *
get_net(void)
{
    return _PyRestrict_GetState()->net;
}

/* --- Grants ---------------------------------------------------------------------- */

struct _restrict_net *
_PyRestrict_NetOf(PyInterpreterState *interp)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return NULL;
    }
    if (state->net == NULL) {
        state->net = _PyRestrict_NetNew();
        if (state->net == NULL) {
            PyErr_NoMemory();
        }
    }
    return state->net;
}

int
PyRestrict_AllowIPAddressRange(PyInterpreterState *interp, const char *ip,
                               int first_port, int last_port)
{
    struct _restrict_endpoints grant = {.ports = {first_port, last_port}};
    if (_PyRestrict_StateOf(interp) == NULL) {
        return -1;
    }
    if (!_PyRestrict_ParseNetwork(ip, &grant)) {
        PyErr_Format(PyExc_ValueError,
                     "'%.100s' is not an IP address or network", ip);
        return -1;
    }
    if (first_port < 0 || last_port > 65535 || first_port > last_port) {
        PyErr_Format(PyExc_ValueError,
                     "ports %d to %d are not in the range "
                     "0 to 65535",
                     first_port, last_port);
        return -1;
    }
    struct _restrict_net *net = _PyRestrict_NetOf(interp);
    if (net == NULL) {
        return -1;
    }
    if (_PyRestrict_NetAllow(net, &grant) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

int
PyRestrict_AllowIPAddress(PyInterpreterState *interp, const char *ip, int port)
{
    return PyRestrict_AllowIPAddressRange(interp, ip, port,
                                          port == 0 ? 65535 : port);
}

int
PyRestrict_AllowNetworkInfo(PyInterpreterState *interp)
{
    struct _restrict_net *net = _PyRestrict_NetOf(interp);
    if (net == NULL) {
        return -1;
    }
    net->info = 1;
    return 0;
}

int
PyRestrict_SetSocketsCap(PyInterpreterState *interp, int sockets)
{
    struct _restrict_net *net = _PyRestrict_NetOf(interp);
    if (net == NULL) {
        return -1;
    }
    if (sockets < 0) {
        PyErr_SetString(PyExc_ValueError, "the sockets cap is negative");
        return -1;
    }
    net->socket_cap = sockets;
    return 0;
}

int
PyRestrict_SetNetBytesCap(PyInterpreterState *interp, long long bytes)
{
    struct _restrict_net *net = _PyRestrict_NetOf(interp);
    if (net == NULL) {
        return -1;
    }
    if (bytes < -1) {
        PyErr_SetString(PyExc_ValueError, "the cap of bytes is negative");
        return -1;
    }
    net->bytes_cap = bytes;
    return 0;
}

/* --- Refusing ---------------------------------------------------------------------- */

static int
deny(const char *capability, const char *subject, const char *grant,
     const char *message)
{
    return _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_PERMISSION,
        .capability = capability,
        .subject = subject,
        .grant = grant,
        .message = message,
        .filename = Py_None,  // so that there is an errno
    });
}

/* seen: did the guest itself pass the address?  Then it may be told. */
static int
deny_address(const _PyRestrict_Address *address, int port, int seen)
{
    char text[_PyRestrict_ADDRESS_TEXT], subject[100], grant[120];
    char message[160];
    _PyRestrict_AddressText(address, text);
    const char *brackets = _PyRestrict_IsIPv4(address) ? "" : "[]";
    PyOS_snprintf(subject, sizeof(subject), "%.1s%s%s:%d", brackets, text,
                  brackets[0] ? "]" : "", port);
    PyOS_snprintf(grant, sizeof(grant), "addresses = [[\"%s\", %d]]", text,
                  port);
    PyOS_snprintf(message, sizeof(message), "address %s is not allowed here",
                  subject);
    return deny("address", subject, grant,
                seen ? message : "the peer is not allowed here");
}

/* The kind of socket, an option: nothing would allow it. */
int
_PyRestrict_DenySocket(const char *subject)
{
    char message[160];
    PyOS_snprintf(message, sizeof(message), "%s is not allowed here", subject);
    return deny("socket", subject, NULL, message);
}

int
_PyRestrict_DenyInfo(const char *function)
{
    char message[160];
    PyOS_snprintf(message, sizeof(message), "%s is not allowed here",
                  function);
    return deny("network_info", function, "network_info = true", message);
}

static int
check(const _PyRestrict_Address *address, int port, int seen)
{
    const struct _restrict_net *net = get_net();
    if (net != NULL && _PyRestrict_NetCovers(net, address, port)) {
        return 0;
    }
    return deny_address(address, Py_MAX(port, 0), seen);
}

int
_PyRestrict_IPAddressCheck(const char *ip, int port)
{
    _PyRestrict_Address address;
    if (_PyRestrict_GetState() == NULL) {
        return 0;
    }
    if (!_PyRestrict_ParseAddress(ip, 0, &address)) {
        PyErr_Format(PyExc_ValueError, "'%.100s' is not an IP address", ip);
        return -1;
    }
    if (port < 0 || port > 65535) {
        PyErr_Format(PyExc_ValueError, "there is no port %d", port);
        return -1;
    }
    return check(&address, port == 0 ? _PyRestrict_ANY_PORT : port, 1);
}

int
_PyRestrict_NetworkInfoCheck(void)
{
    struct _restrict_state *state = _PyRestrict_GetState();
    if (state == NULL || (state->net != NULL && state->net->info)) {
        return 0;
    }
    return _PyRestrict_DenyInfo("network information");
}

int
_PyRestrict_FromLibrary(void)
{
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
    return frame != NULL
           && (_PyFrame_GetCode(frame)->co_flags & _PyRestrict_CO_FROZEN);
}

/* --- The guest's sockets ---------------------------------------------------------------- */

#define WORD(fd) ((size_t)(fd) / 64)
#define BIT(fd) ((uint64_t)1 << ((fd) % 64))

static int
grow_sockets(struct _restrict_net *net, size_t n)
{
    struct _restrict_sockets *grown = PyMem_RawRealloc(net->sockets,
                                                       n * sizeof(*grown));
    if (grown == NULL) {
        return -1;
    }
    memset(grown + net->n_socket_words, 0,
           (n - net->n_socket_words) * sizeof(*grown));
    net->sockets = grown;
    net->n_socket_words = n;
    return 0;
}

static int
note_socket(struct _restrict_net *net, int fd, int type)
{
    if (WORD(fd) >= net->n_socket_words && grow_sockets(net, WORD(fd) + 1) < 0)
    {
        return -1;
    }
    struct _restrict_sockets *sockets = &net->sockets[WORD(fd)];
    net->n_sockets += !(sockets->all & BIT(fd));
    sockets->all |= BIT(fd);
    sockets->streams &= ~BIT(fd);
    if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM) {
        sockets->streams |= BIT(fd);
    }
    return 0;
}

/* However a descriptor was closed: it is counted no longer. */
void
_PyRestrict_NetDisown(struct _restrict_net *net, int fd)
{
    if (WORD(fd) < net->n_socket_words
        && (net->sockets[WORD(fd)].all & BIT(fd)))
    {
        net->sockets[WORD(fd)].all &= ~BIT(fd);
        net->sockets[WORD(fd)].streams &= ~BIT(fd);
        net->n_sockets--;
    }
}

static struct _restrict_sockets
sockets_around(int fd)
{
    const struct _restrict_net *net = get_net();
    return net != NULL && WORD(fd) < net->n_socket_words
               ? net->sockets[WORD(fd)]
               : (struct _restrict_sockets){0};
}

/* Of the guest's own: what is received has no sender but the peer. */
int
_PyRestrict_SocketIsStream(int fd)
{
    return fd >= 0 && (sockets_around(fd).streams & BIT(fd)) != 0;
}

int
_PyRestrict_IsSocket(int fd)
{
    return fd >= 0 && (sockets_around(fd).all & BIT(fd)) != 0;
}

int
_PyRestrict_SocketUse(int fd)
{
    return fd < 0 ? 0 : _PyRestrict_CheckDescriptor(fd);
}

static int
check_open_sockets(void)
{
    const struct _restrict_net *net = get_net();
    int cap = net->socket_cap > 0 ? net->socket_cap : _PyRestrict_OPEN_SOCKETS;
    if (net->n_sockets >= cap) {
        errno = EMFILE;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    return _PyRestrict_CheckOpenFiles();
}

static int
kind_allowed(int family, int type, int proto)
{
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    return (family == AF_INET || family == AF_INET6)
           && ((type == SOCK_STREAM && (proto == 0 || proto == IPPROTO_TCP))
               || (type == SOCK_DGRAM
                   && (proto == 0 || proto == IPPROTO_UDP)));
}

int
_PyRestrict_SocketNew(int family, int type, int proto)
{
    if (!kind_allowed(family, type, proto)) {
        char subject[80];
        PyOS_snprintf(subject, sizeof(subject), "socket(%d, %d, %d)", family,
                      type, proto);
        return _PyRestrict_DenySocket(subject);
    }
    if (!_PyRestrict_HasNet(get_net())) {
        return deny("socket", "socket()", "addresses = [[\"ADDRESS\", 0]]",
                    "a socket is not allowed here");
    }
    return check_open_sockets();
}

int
_PyRestrict_SocketAdopt(int fd)
{
    return _PyRestrict_CheckDescriptor(fd);
}

int
_PyRestrict_SocketOwn(int fd, int type)
{
    struct _restrict_net *net = _PyRestrict_NetOf(_PyInterpreterState_GET());
    if (net == NULL || note_socket(net, fd, type) < 0) {
        close(fd);
        PyErr_NoMemory();
        return -1;
    }
    if (_PyRestrict_OwnDescriptor(fd) < 0) {
        _PyRestrict_NetDisown(net, fd);
        return -1;
    }
    return 0;
}

void
_PyRestrict_SocketForget(int fd)
{
    if (fd >= 0) {
        _PyRestrict_DisownDescriptor(fd);
    }
}

int
_PyRestrict_IsStream(int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0
           && type == SOCK_STREAM;
}

/* --- Addresses ---------------------------------------------------------------------------- */

/* Where a datagram came from. */
static int
check_sender(const struct sockaddr *addr, socklen_t len)
{
    _PyRestrict_Address address;
    int port;
    if (!_PyRestrict_FromSockaddr(addr, len, &address, &port)) {
        return _PyRestrict_DenySocket("this kind of address");
    }
    return check(&address, port, 0);
}

static int
is_unspecified(const _PyRestrict_Address *address)
{
    static const unsigned char zero[16];
    return memcmp(address->bytes, zero, 16) == 0
           || (_PyRestrict_IsIPv4(address)
               && memcmp(address->bytes + 12, zero, 4) == 0);
}

/* What is sent to the unspecified address arrives at the loopback one: a
   grant to listen at all addresses is none to reach the machine's own
   services.  Which of the two loopbacks "::" is depends on what the socket is
   bound to. */
static int
check_target(const struct sockaddr *addr, socklen_t len)
{
    static const _PyRestrict_Address loopback[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}},
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    };
    _PyRestrict_Address address;
    int port;
    if (!_PyRestrict_FromSockaddr(addr, len, &address, &port)) {
        return _PyRestrict_DenySocket("this kind of address");
    }
    if (check(&address, port, 1) < 0) {
        return -1;
    }
    if (!is_unspecified(&address)) {
        return 0;
    }
    return check(&loopback[0], port, 1) < 0
                   || (!_PyRestrict_IsIPv4(&address)
                       && check(&loopback[1], port, 1) < 0)
               ? -1
               : 0;
}

int
_PyRestrict_SocketConnect(int fd, const struct sockaddr *addr, socklen_t len)
{
    return _PyRestrict_SocketUse(fd) < 0 || check_target(addr, len) < 0 ? -1
                                                                        : 0;
}

/* A name may not stand for the guest's own address: only a grant of the
   address itself lets it listen. */
static int
check_own(const struct sockaddr *addr, socklen_t len)
{
    _PyRestrict_Address address;
    int port;
    const struct _restrict_net *net = get_net();
    if (!_PyRestrict_FromSockaddr(addr, len, &address, &port)) {
        return _PyRestrict_DenySocket("this kind of address");
    }
    if (net != NULL && _PyRestrict_GrantsCover(net, &address, port)) {
        return 0;
    }
    return deny_address(&address, port, 1);
}

int
_PyRestrict_SocketBind(int fd, const struct sockaddr *addr, socklen_t len)
{
    return _PyRestrict_SocketUse(fd) < 0 || check_own(addr, len) < 0 ? -1 : 0;
}

/* Without bind(), the system would choose an address. */
int
_PyRestrict_SocketListen(int fd)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    if (_PyRestrict_SocketUse(fd) < 0) {
        return -1;
    }
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&name, &len) < 0) {
        return 0;  // listen() says what is wrong
    }
    return check_own((struct sockaddr *)&name, len);
}

int
_PyRestrict_SocketAccept(int fd)
{
    return _PyRestrict_SocketUse(fd) < 0 || check_open_sockets() < 0 ? -1 : 0;
}

int
_PyRestrict_SocketAccepted(int fd, const struct sockaddr *addr, socklen_t len)
{
    _PyRestrict_Address address;
    const struct _restrict_net *net = get_net();
    int port;
    if (!_PyRestrict_FromSockaddr(addr, len, &address, &port)) {
        close(fd);
        return _PyRestrict_DenySocket("this kind of address");
    }
    if (net != NULL
        && _PyRestrict_NetCovers(net, &address, _PyRestrict_ANY_PORT))
    {
        return 0;
    }
    close(fd);
    return deny_address(&address, port, 0);
}

/* The local side: what the guest knows already, or with network_info.  The
   library asks for it in passing, and copes without. */
int
_PyRestrict_SocketName(const struct sockaddr *addr, socklen_t len)
{
    _PyRestrict_Address address;
    int port;
    const struct _restrict_net *net = get_net();
    if (net != NULL
        && (net->info
            || (_PyRestrict_FromSockaddr(addr, len, &address, &port)
                && (is_unspecified(&address)
                    || _PyRestrict_NetCovers(net, &address,
                                             _PyRestrict_ANY_PORT)))))
    {
        return 0;
    }
    if (_PyRestrict_FromLibrary()) {
        errno = EACCES;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    return _PyRestrict_DenyInfo("socket.getsockname()");
}

/* --- Sending and receiving ---------------------------------------------------------------------- */

#define SEND_FLAGS (MSG_DONTWAIT | MSG_EOR | MSG_MORE | MSG_NOSIGNAL | MSG_OOB)
// Not MSG_TRUNC, which counts bytes that nobody wrote.
#define RECEIVE_FLAGS                                                         \
    (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_OOB | MSG_PEEK | MSG_WAITALL)

static int
check_flags(int flags, int allowed)
{
    char subject[40];
    if ((flags & ~allowed) == 0) {
        return 0;
    }
    PyOS_snprintf(subject, sizeof(subject), "flag %#x", flags & ~allowed);
    return _PyRestrict_DenySocket(subject);
}

static long long
bytes_left(const struct _restrict_net *net)
{
    return net->bytes_cap < 0 ? PY_SSIZE_T_MAX : net->bytes_cap - net->bytes;
}

/* A stream is cut to what is left; a datagram that does not fit, and the
   first byte too many, stop the guest. */
static int
check_amount(int fd, Py_ssize_t *size)
{
    const struct _restrict_net *net = get_net();
    long long left = net != NULL ? bytes_left(net) : 0;
    if (*size <= left) {
        return 0;
    }
    if (left <= 0 || !_PyRestrict_IsStream(fd)) {
        return _PyRestrict_NetBytesExceeded();
    }
    *size = (Py_ssize_t)left;
    return 0;
}

int
_PyRestrict_ChargeNet(Py_ssize_t size)
{
    struct _restrict_net *net = get_net();
    if (net == NULL) {
        return 0;
    }
    net->bytes += size;
    return bytes_left(net) < 0 ? _PyRestrict_NetBytesExceeded() : 0;
}

int
_PyRestrict_SocketSend(int fd, Py_ssize_t *size, int flags)
{
    return _PyRestrict_SocketUse(fd) < 0 || check_flags(flags, SEND_FLAGS) < 0
                   || check_amount(fd, size) < 0
               ? -1
               : 0;
}

int
_PyRestrict_SocketSendTo(int fd, Py_ssize_t *size, int flags,
                         const struct sockaddr *addr, socklen_t len)
{
    return check_target(addr, len) < 0
                   || _PyRestrict_SocketSend(fd, size, flags) < 0
               ? -1
               : 0;
}

int
_PyRestrict_SocketSendMsg(int fd, const struct msghdr *msg, int flags)
{
    Py_ssize_t size = 0;
    if (msg->msg_controllen != 0) {
        return _PyRestrict_DenySocket("ancillary data");
    }
    for (size_t i = 0; i < (size_t)msg->msg_iovlen; i++) {
        if (msg->msg_iov[i].iov_len > (size_t)(PY_SSIZE_T_MAX - size)) {
            return _PyRestrict_NetBytesExceeded();
        }
        size += (Py_ssize_t)msg->msg_iov[i].iov_len;
    }
    if (msg->msg_name != NULL
        && check_target(msg->msg_name, msg->msg_namelen) < 0)
    {
        return -1;
    }
    Py_ssize_t fits = size;
    if (_PyRestrict_SocketSend(fd, &fits, flags) < 0) {
        return -1;
    }
    return fits == size ? 0 : _PyRestrict_NetBytesExceeded();
}

int
_PyRestrict_SocketReceive(int fd, int flags)
{
    return _PyRestrict_SocketUse(fd) < 0
                   || check_flags(flags, RECEIVE_FLAGS) < 0
               ? -1
               : 0;
}

/* A stream has no address here.  size: bytes received, of `room`. */
int
_PyRestrict_SocketReceived(const struct sockaddr *addr, socklen_t len,
                           char *data, Py_ssize_t size, Py_ssize_t room)
{
    if (len != 0 && check_sender(addr, len) < 0) {
        memset(data, 0, (size_t)Py_MIN(size, room));
        return -1;
    }
    return _PyRestrict_ChargeNet(size);
}

int
_PyRestrict_SocketReceivedMsg(const struct msghdr *msg, Py_ssize_t size)
{
    if (msg->msg_namelen != 0
        && check_sender(msg->msg_name, msg->msg_namelen) < 0)
    {
        for (size_t i = 0; i < (size_t)msg->msg_iovlen; i++) {
            memset(msg->msg_iov[i].iov_base, 0, msg->msg_iov[i].iov_len);
        }
        return -1;
    }
    return _PyRestrict_ChargeNet(size);
}

/* --- TLS ----------------------------------------------------------------------------------------- */

int
_PyRestrict_TLSUse(int fd)
{
    if (_PyRestrict_CheckDescriptor(fd) < 0) {
        return -1;
    }
    return _PyRestrict_IsStream(fd)
               ? 0
               : _PyRestrict_DenySocket("TLS without a stream");
}

int
_PyRestrict_TLSOpen(PyObject *name, const char *path, long long *size)
{
    const struct _restrict_files *files = &_PyRestrict_GetState()->files;
    _PyRestrict_Path normal;
    struct stat st;
    int fd = -1;
    if (_PyRestrict_Normalize(files->cwd, path, &normal) == 0) {
        fd = _PyRestrict_OpenAt(files, &normal, _PyRestrict_READ, O_RDONLY, 0);
    }
    if (fd < 0 && errno == EXDEV) {
        return _PyRestrict_DenyPath(name, path, _PyRestrict_READ);
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *size = st.st_size;
    return fd;
}

#endif /* WITH_RESTRICTED */
