/* Names of the network: looked up once, on the host's side, and pinned.

   A name that the host allows is looked up then and there, on a thread of its
   own so that the host waits no longer than LOOKUP_SECONDS.  The addresses
   found are kept for the guest's whole life: it reaches those, whatever the
   name stands for later.  One that is of the machine or its neighbourhood
   (_PyRestrict_AddressClass) is left out unless the host allowed the address
   itself, so that whoever answers for the name cannot point a guest there.

   What the guest may ask for is in restrict_names.c. */

#include "Python.h"
#include "pycore_restrict_clock.h"  // _PyRestrict_ReadClock()
#include "pycore_restrict_net.h"

#ifdef WITH_RESTRICTED

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <time.h>

#define LOOKUP_SECONDS 5
#define SLICE_NS 10000000  // between two looks at signals and limits
#define MAX_ADDRESSES _PyRestrict_NAME_ADDRESSES
#define LOOKUP_STACK (512 * 1024)

/* --- Looking up -------------------------------------------------------------------- */

/* Shared by the one that waits and the thread that works: who is last frees
   it, for a look-up cannot be called off. */
struct lookup {
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    int users;
    int done;
    int error;    // of getaddrinfo() and getnameinfo()
    int reverse;  // from address to name
    char name[NI_MAXHOST];
    _PyRestrict_Address addresses[MAX_ADDRESSES];
    int n_addresses;
};

static struct lookup *
lookup_new(void)
{
    struct lookup *lookup = PyMem_RawCalloc(1, sizeof(*lookup));
    if (lookup == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->finished, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&lookup->mutex, NULL);
    lookup->users = 1;
    return lookup;
}

static void
lookup_release(struct lookup *lookup)
{
    pthread_mutex_lock(&lookup->mutex);
    int users = --lookup->users;
    pthread_mutex_unlock(&lookup->mutex);
    if (users == 0) {
        pthread_cond_destroy(&lookup->finished);
        pthread_mutex_destroy(&lookup->mutex);
        PyMem_RawFree(lookup);
    }
}

/* Results of getaddrinfo(), each address once. */
static int
collect(const struct addrinfo *found, _PyRestrict_Address *addresses)
{
    int n = 0, port;
    for (; found != NULL && n < MAX_ADDRESSES; found = found->ai_next) {
        if (_PyRestrict_FromSockaddr(found->ai_addr, found->ai_addrlen,
                                     &addresses[n], &port))
        {
            int i = 0;
            while (memcmp(&addresses[i], &addresses[n], 16) != 0) {
                i++;
            }
            n += i == n;
        }
    }
    return n;
}

static socklen_t
make_sockaddr(const _PyRestrict_Address *address,
              struct sockaddr_storage *storage)
{
    memset(storage, 0, sizeof(*storage));
    if (_PyRestrict_IsIPv4(address)) {
        struct sockaddr_in *in = (struct sockaddr_in *)storage;
        in->sin_family = AF_INET;
        memcpy(&in->sin_addr, address->bytes + 12, 4);
        return sizeof(*in);
    }
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)storage;
    in->sin6_family = AF_INET6;
    memcpy(&in->sin6_addr, address->bytes, 16);
    return sizeof(*in);
}

/* Into `found`, which nobody else sees. */
static void
look_up_name(struct lookup *found)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    found->error = getaddrinfo(found->name, NULL, &hints, &list);
    if (found->error == 0) {
        found->n_addresses = collect(list, found->addresses);
        freeaddrinfo(list);
    }
}

static void
look_up_address(struct lookup *found)
{
    struct sockaddr_storage storage;
    socklen_t len = make_sockaddr(&found->addresses[0], &storage);
    found->error = getnameinfo((struct sockaddr *)&storage, len, found->name,
                               sizeof(found->name), NULL, 0, NI_NAMEREQD);
}

static void *
look_up(void *arg)
{
    struct lookup *lookup = arg, found = {.reverse = lookup->reverse};
    memcpy(found.name, lookup->name, sizeof(found.name));
    found.addresses[0] = lookup->addresses[0];
    if (found.reverse) {
        look_up_address(&found);
    }
    else {
        look_up_name(&found);
    }
    pthread_mutex_lock(&lookup->mutex);
    lookup->error = found.error;
    lookup->n_addresses = found.n_addresses;
    memcpy(lookup->name, found.name, sizeof(found.name));
    memcpy(lookup->addresses, found.addresses, sizeof(found.addresses));
    lookup->done = 1;
    pthread_cond_signal(&lookup->finished);
    pthread_mutex_unlock(&lookup->mutex);
    lookup_release(lookup);
    return NULL;
}

static int
start(struct lookup *lookup)
{
    lookup->users++;
    int err = _PyRestrict_StartThread(look_up, lookup, LOOKUP_STACK);
    if (err) {
        lookup->users--;
        errno = err;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    return 0;
}

/* A slice at a time.  1: done.  0: not yet. */
static int
wait_slice(struct lookup *lookup)
{
    struct timespec until;
    int done;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += SLICE_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&lookup->mutex);
    if (!lookup->done) {
        pthread_cond_timedwait(&lookup->finished, &lookup->mutex, &until);
    }
    done = lookup->done;
    pthread_mutex_unlock(&lookup->mutex);
    Py_END_ALLOW_THREADS
    return done;
}

/* 0: done, see lookup->error.  Else an exception, one of them TimeoutError. */
static int
run(struct lookup *lookup)
{
    int64_t deadline = _PyRestrict_ReadClock(CLOCK_MONOTONIC)
                       + (int64_t)LOOKUP_SECONDS * SECOND;
    if (start(lookup) < 0) {
        return _PyRestrict_LOOKUP_FAILED;
    }
    while (!wait_slice(lookup)) {
        if (PyErr_CheckSignals() < 0) {
            return _PyRestrict_LOOKUP_FAILED;
        }
        if (_PyRestrict_ReadClock(CLOCK_MONOTONIC) >= deadline) {
            PyErr_Format(PyExc_TimeoutError,
                         "the look-up took more than %d seconds",
                         LOOKUP_SECONDS);
            return _PyRestrict_LOOKUP_FAILED;
        }
    }
    return 0;
}

int
_PyRestrict_LookUp(const char *name, _PyRestrict_Address *addresses, int *n)
{
    struct lookup *lookup = lookup_new();
    if (lookup == NULL) {
        return _PyRestrict_LOOKUP_FAILED;
    }
    PyOS_snprintf(lookup->name, sizeof(lookup->name), "%s", name);
    int err = run(lookup);
    if (err == 0) {
        err = lookup->error;
        *n = lookup->n_addresses;
        memcpy(addresses, lookup->addresses, (size_t)*n * sizeof(*addresses));
    }
    lookup_release(lookup);
    return err;
}

PyObject *
_PyRestrict_ReverseLookUp(const _PyRestrict_Address *address)
{
    PyObject *result = NULL;
    struct lookup *lookup = lookup_new();
    if (lookup == NULL) {
        return NULL;
    }
    lookup->reverse = 1;
    lookup->addresses[0] = *address;
    if (run(lookup) == 0) {
        result = lookup->error ? Py_NewRef(Py_None)
                               : PyUnicode_FromString(lookup->name);
    }
    lookup_release(lookup);
    return result;
}

/* --- Pinning, on the host's side -------------------------------------------------------- */

int
_PyRestrict_ValidName(const char *name)
{
    size_t label = 0, len = strlen(name);
    if (len == 0 || len > 253) {
        return 0;
    }
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '.') {
            if (label == 0) {
                return 0;
            }
            label = 0;
        }
        else if (!(Py_ISALNUM(*p) || *p == '-' || *p == '_') || ++label > 63) {
            return 0;
        }
    }
    return 1;
}

/* May the name stand for it on these ports? */
static int
may_pin(const struct _restrict_net *net, const _PyRestrict_Address *address,
        const _PyRestrict_Ports *ports)
{
    if (_PyRestrict_AddressClass(address) == NULL) {
        return 1;
    }
    for (int port = ports->first; port <= ports->last; port++) {
        if (!_PyRestrict_GrantsCover(net, address, port)) {
            return 0;
        }
    }
    return 1;
}

static int
pin(struct _restrict_net *net, const char *host, _PyRestrict_Ports ports,
    const _PyRestrict_Address *addresses, int n)
{
    _PyRestrict_Address kept[MAX_ADDRESSES];
    char text[_PyRestrict_ADDRESS_TEXT];
    int n_kept = 0;
    for (int i = 0; i < n; i++) {
        if (may_pin(net, &addresses[i], &ports)) {
            kept[n_kept++] = addresses[i];
        }
    }
    if (n == 0) {
        PyErr_Format(PyExc_ValueError, "the host '%s' has no address", host);
        return -1;
    }
    if (n_kept == 0) {
        _PyRestrict_AddressText(&addresses[0], text);
        PyErr_Format(PyExc_ValueError,
                     "the host '%s' stands for %s, a %s address, which no "
                     "name may reach unless the address is allowed too",
                     host, text, _PyRestrict_AddressClass(&addresses[0]));
        return -1;
    }
    if (_PyRestrict_NetPin(net, host, ports, kept, n_kept) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* Look a host up and pin it; one that is pinned already stays as it is. */
static int
pin_lookup(struct _restrict_net *net, const char *host,
           _PyRestrict_Ports ports)
{
    _PyRestrict_Address address;
    if (_PyRestrict_ParseAddress(host, 0, &address)) {
        return pin(net, host, ports, &address, 1);
    }
    const struct _restrict_pinned *known =
        _PyRestrict_FindHost(net, host, _PyRestrict_ANY_PORT);
    if (known != NULL) {
        return pin(net, host, ports, known->addresses, known->n_addresses);
    }
    _PyRestrict_Address addresses[MAX_ADDRESSES];
    int n, err = _PyRestrict_LookUp(host, addresses, &n);
    if (err == 0) {
        return pin(net, host, ports, addresses, n);
    }
    if (err != _PyRestrict_LOOKUP_FAILED) {
        PyErr_Format(PyExc_OSError, "the host '%s' cannot be looked up: %s",
                     host, gai_strerror(err));
    }
    return -1;
}

/* The network to change, if the rest is right. */
static struct _restrict_net *
check_host(PyInterpreterState *interp, const char *host, int first_port,
           int last_port)
{
    if (_PyRestrict_StateOf(interp) == NULL) {
        return NULL;
    }
    if (!_PyRestrict_ValidName(host)) {
        PyErr_Format(PyExc_ValueError, "'%.100s' is not the name of a host",
                     host);
        return NULL;
    }
    if (first_port < 0 || last_port > 65535 || first_port > last_port) {
        PyErr_Format(PyExc_ValueError,
                     "ports %d to %d are not in the range "
                     "0 to 65535",
                     first_port, last_port);
        return NULL;
    }
    return _PyRestrict_NetOf(interp);
}

int
PyRestrict_AllowHostRange(PyInterpreterState *interp, const char *host,
                          int first_port, int last_port)
{
    struct _restrict_net *net = check_host(interp, host, first_port,
                                           last_port);
    if (net == NULL) {
        return -1;
    }
    return pin_lookup(net, host, (_PyRestrict_Ports){first_port, last_port});
}

int
PyRestrict_AllowHost(PyInterpreterState *interp, const char *host, int port)
{
    return PyRestrict_AllowHostRange(interp, host, port,
                                     port == 0 ? 65535 : port);
}

int
_PyRestrict_PinHost(PyInterpreterState *interp, const char *host,
                    int first_port, int last_port, PyObject *list)
{
    _PyRestrict_Address addresses[MAX_ADDRESSES];
    struct _restrict_net *net = check_host(interp, host, first_port,
                                           last_port);
    int n = 0;
    for (; net != NULL && n < PyList_GET_SIZE(list) && n < MAX_ADDRESSES; n++)
    {
        const char *text = PyUnicode_AsUTF8(PyList_GET_ITEM(list, n));
        if (text == NULL) {
            return -1;
        }
        if (!_PyRestrict_ParseAddress(text, 1, &addresses[n])) {
            PyErr_Format(PyExc_ValueError, "'%.100s' is not an IP address",
                         text);
            return -1;
        }
    }
    return net == NULL
               ? -1
               : pin(net, host, (_PyRestrict_Ports){first_port, last_port},
                     addresses, n);
}

#endif /* WITH_RESTRICTED */
