/* Addresses of the network: reading, comparing, deciding.

   Every address is kept as the 16 bytes of an IPv6 address, IPv4 ones in
   their mapped form, so that one comparison serves all and a guest cannot
   pass one for another by the way it is written.  A network of IPv6 does not
   cover IPv4: "::/0" is no grant of 127.0.0.1.

   Some addresses have another inside: a gateway (NAT64), a tunnel (6to4,
   Teredo, ISATAP) or an old kernel (IPv4-compatible) delivers to the inner
   one.  Such an address is of the class of what it leads to.

   Nothing here calls the Python API or the network, and all memory is raw. */

#include "Python.h"
#include "pycore_restrict_net.h"

#ifdef WITH_RESTRICTED

#include <arpa/inet.h>  // inet_pton(), inet_ntop()
#include <netinet/in.h>

/* --- Reading ------------------------------------------------------------------- */

static const unsigned char mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

int
_PyRestrict_IsIPv4(const _PyRestrict_Address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

static void
set_ipv4(_PyRestrict_Address *address, uint32_t number)
{
    memcpy(address->bytes, mapped, sizeof(mapped));
    for (int i = 0; i < 4; i++) {
        address->bytes[12 + i] = (unsigned char)(number >> (24 - 8 * i));
    }
}

static uint32_t
get_number(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16
           | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* One part of an IPv4 address: decimal, "0..." octal or "0x..." hexadecimal.
   The text behind it; NULL: not a number, or too large a one. */
static const char *
parse_part(const char *text, uint32_t *value)
{
    unsigned base = 10;
    uint64_t number = 0;
    int digits = 0;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    else if (text[0] == '0') {
        base = 8;
    }
    for (;; text++, digits++) {
        unsigned char c = (unsigned char)Py_TOLOWER(*text);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit >= base) {
            break;
        }
        number = number * base + digit;
        if (number > UINT32_MAX) {
            return NULL;
        }
    }
    *value = (uint32_t)number;
    return digits > 0 ? text : NULL;
}

/* What inet_aton() takes: one to four parts, the last of which fills what the
   others leave. */
static int
parse_loose(const char *text, _PyRestrict_Address *result)
{
    uint32_t part, number = 0;
    for (int i = 0; i < 4; i++) {
        text = parse_part(text, &part);
        if (text == NULL) {
            return 0;
        }
        if (*text == '\0') {
            if (i > 0 && part > UINT32_MAX >> (8 * i)) {
                return 0;
            }
            set_ipv4(result, number | part);
            return 1;
        }
        if (*text++ != '.' || part > 255) {
            return 0;
        }
        number |= part << (24 - 8 * i);
    }
    return 0;
}

int
_PyRestrict_ParseAddress(const char *text, int strict,
                         _PyRestrict_Address *result)
{
    struct in_addr in;
    if (inet_pton(AF_INET6, text, result->bytes) == 1) {
        return 1;
    }
    if (strict) {
        if (inet_pton(AF_INET, text, &in) != 1) {
            return 0;
        }
        set_ipv4(result, ntohl(in.s_addr));
        return 1;
    }
    return parse_loose(text, result);
}

static int
get_bit(const _PyRestrict_Address *address, int bit)
{
    return address->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* "/24" behind an address of `bits` bits: 0 to bits, or -1. */
static int
parse_prefix(const char *text, int bits)
{
    int prefix = 0;
    if (*text == '\0' || strlen(text) > 3) {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (!Py_ISDIGIT(*text)) {
            return -1;
        }
        prefix = prefix * 10 + (*text - '0');
    }
    return prefix <= bits ? prefix : -1;
}

int
_PyRestrict_ParseNetwork(const char *text, struct _restrict_endpoints *result)
{
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "/");
    if (len >= sizeof(address)) {
        return 0;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (!_PyRestrict_ParseAddress(address, 1, &result->network)) {
        return 0;
    }
    result->prefix = 128;
    if (text[len] == '/') {
        int is_dotted = strchr(address, ':') == NULL;
        int prefix = parse_prefix(text + len + 1, is_dotted ? 32 : 128);
        if (prefix < 0) {
            return 0;
        }
        result->prefix = prefix + (is_dotted ? 96 : 0);
    }
    for (int bit = result->prefix; bit < 128; bit++) {
        if (get_bit(&result->network, bit)) {
            return 0;
        }
    }
    return 1;
}

int
_PyRestrict_FromSockaddr(const struct sockaddr *addr, socklen_t len,
                         _PyRestrict_Address *address, int *port)
{
    if (len >= (socklen_t)sizeof(struct sockaddr_in)
        && addr->sa_family == AF_INET)
    {
        const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
        set_ipv4(address, ntohl(in->sin_addr.s_addr));
        *port = ntohs(in->sin_port);
        return 1;
    }
    if (len >= (socklen_t)sizeof(struct sockaddr_in6)
        && addr->sa_family == AF_INET6)
    {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)addr;
        memcpy(address->bytes, &in->sin6_addr, 16);
        *port = ntohs(in->sin6_port);
        return 1;
    }
    return 0;
}

void
_PyRestrict_AddressText(const _PyRestrict_Address *address,
                        char text[_PyRestrict_ADDRESS_TEXT])
{
    int is_ipv4 = _PyRestrict_IsIPv4(address);
    if (inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
                  address->bytes + (is_ipv4 ? 12 : 0), text,
                  _PyRestrict_ADDRESS_TEXT)
        == NULL)
    {
        text[0] = '\0';
    }
}

/* --- Classes --------------------------------------------------------------------- */

static const struct {
    uint32_t network;
    int prefix;
    const char *name;
} ipv4_classes[] = {
    // Where clouds keep the credentials of a machine; the more special first.
    {0xA9FEA9FE, 32, "metadata"},  // 169.254.169.254
    {0xA9FEAA02, 32, "metadata"},  // 169.254.170.2
    {0xA9FEAA17, 32, "metadata"},  // 169.254.170.23
    {0x646464C8, 32, "metadata"},  // 100.100.100.200
    {0xA83F8110, 32, "metadata"},  // 168.63.129.16
    {0xC00000C0, 32, "metadata"},  // 192.0.0.192
    {0x00000000, 8, "unspecified"},
    {0x0A000000, 8, "private"},
    {0x64400000, 10, "private"},  // of carriers
    {0x7F000000, 8, "loopback"},
    {0xA9FE0000, 16, "link-local"},
    {0xAC100000, 12, "private"},
    {0xC0000000, 24, "private"},  // of protocols
    {0xC0A80000, 16, "private"},
    {0xC6120000, 15, "private"},  // of benchmarks
    {0xE0000000, 4, "multicast"},
    {0xF0000000, 4, "reserved"},  // and the broadcast address
};

static const char *
ipv4_class(uint32_t number)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(ipv4_classes); i++) {
        int rest = 32 - ipv4_classes[i].prefix;
        if ((uint64_t)number >> rest == ipv4_classes[i].network >> rest) {
            return ipv4_classes[i].name;
        }
    }
    return NULL;
}

static int
starts_with(const unsigned char *bytes, const char *prefix, size_t size)
{
    return memcmp(bytes, prefix, size) == 0;
}

/* The IPv4 address inside, where a packet to this one ends. */
static int
find_inner(const unsigned char *bytes, uint32_t *inner)
{
    if (memcmp(bytes, mapped, 12) == 0
        || starts_with(bytes, "\0\0\0\0\0\0\0\0\0\0\0\0", 12)
        || starts_with(bytes, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12)  // NAT64
        || starts_with(bytes, "\0\0\0\0\0\0\0\0\xff\xff\0\0", 12)    // SIIT
        || ((bytes[8] & 0xfd) == 0
            && starts_with(bytes + 9, "\0\x5e\xfe", 3)))  // ISATAP
    {
        *inner = get_number(bytes + 12);
        return 1;
    }
    if (starts_with(bytes, "\x20\x02", 2)) {  // 6to4
        *inner = get_number(bytes + 2);
        return 1;
    }
    if (starts_with(bytes, "\x20\x01\0\0", 4)) {  // Teredo
        *inner = ~get_number(bytes + 12);
        return 1;
    }
    return 0;
}

static const char *
ipv6_class(const unsigned char *bytes)
{
    if (starts_with(bytes, "\xfd\x00\x0e\xc2\0\0\0\0\0\0\0\0\0\0\x02\x54", 16)
        || starts_with(bytes, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\xa9\xfe\xa9\xfe",
                       16))
    {
        return "metadata";
    }
    if (bytes[0] == 0xff) {
        return "multicast";
    }
    if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) {
        return "link-local";
    }
    if ((bytes[0] & 0xfe) == 0xfc
        || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0)
        || starts_with(bytes, "\0\x64\xff\x9b\0\x01", 6))  // a local NAT64
    {
        return "private";
    }
    return NULL;
}

const char *
_PyRestrict_AddressClass(const _PyRestrict_Address *address)
{
    const unsigned char *bytes = address->bytes;
    static const unsigned char zero[15];
    uint32_t inner;
    if (memcmp(bytes, zero, 15) == 0 && bytes[15] <= 1) {
        return bytes[15] ? "loopback" : "unspecified";
    }
    const char *outer = ipv6_class(bytes);
    if (outer != NULL) {
        return outer;
    }
    return find_inner(bytes, &inner) ? ipv4_class(inner) : NULL;
}

/* --- Deciding ------------------------------------------------------------------------ */

static int
same_bits(const _PyRestrict_Address *a, const _PyRestrict_Address *b,
          int prefix)
{
    int whole = prefix / 8, rest = prefix % 8;
    if (memcmp(a->bytes, b->bytes, (size_t)whole) != 0) {
        return 0;
    }
    return rest == 0
           || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

static int
ports_cover(const _PyRestrict_Ports *ports, int port)
{
    return port == _PyRestrict_ANY_PORT
           || (ports->first <= port && port <= ports->last);
}

int
_PyRestrict_GrantsCover(const struct _restrict_net *net,
                        const _PyRestrict_Address *address, int port)
{
    int is_ipv4 = _PyRestrict_IsIPv4(address);
    for (int i = 0; i < net->n_grants; i++) {
        const struct _restrict_endpoints *grant = &net->grants[i];
        int grants_ipv4 = grant->prefix >= 96
                          && _PyRestrict_IsIPv4(&grant->network);
        if (grants_ipv4 == is_ipv4
            && same_bits(&grant->network, address, grant->prefix)
            && ports_cover(&grant->ports, port))
        {
            return 1;
        }
    }
    return 0;
}

int
_PyRestrict_NetCovers(const struct _restrict_net *net,
                      const _PyRestrict_Address *address, int port)
{
    if (_PyRestrict_GrantsCover(net, address, port)) {
        return 1;
    }
    for (int i = 0; i < net->n_hosts; i++) {
        const struct _restrict_pinned *host = &net->hosts[i];
        for (int j = 0; j < host->n_addresses; j++) {
            if (same_bits(&host->addresses[j], address, 128)
                && ports_cover(&host->ports, port))
            {
                return 1;
            }
        }
    }
    return 0;
}

int
_PyRestrict_NormalName(const char *name, char result[256])
{
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.') {
        len--;
    }
    if (len > 253) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        result[i] = (char)Py_TOLOWER(name[i]);
    }
    result[len] = '\0';
    return 1;
}

const struct _restrict_pinned *
_PyRestrict_FindHost(const struct _restrict_net *net, const char *name,
                     int port)
{
    char normal[256];
    if (!_PyRestrict_NormalName(name, normal)) {
        return NULL;
    }
    for (int i = 0; i < net->n_hosts; i++) {
        if (strcmp(net->hosts[i].name, normal) == 0
            && ports_cover(&net->hosts[i].ports, port))
        {
            return &net->hosts[i];
        }
    }
    return NULL;
}

/* --- The data -------------------------------------------------------------------------- */

struct _restrict_net *
_PyRestrict_NetNew(void)
{
    struct _restrict_net *net = PyMem_RawCalloc(1, sizeof(*net));
    if (net != NULL) {
        net->bytes_cap = -1;
    }
    return net;
}

int
_PyRestrict_NetAllow(struct _restrict_net *net,
                     const struct _restrict_endpoints *endpoints)
{
    struct _restrict_endpoints *grants = PyMem_RawRealloc(
        net->grants, (size_t)(net->n_grants + 1) * sizeof(*grants));
    if (grants == NULL) {
        return -1;
    }
    net->grants = grants;
    grants[net->n_grants++] = *endpoints;
    return 0;
}

int
_PyRestrict_NetPin(struct _restrict_net *net, const char *name,
                   _PyRestrict_Ports ports,
                   const _PyRestrict_Address *addresses, int n)
{
    char normal[256];
    struct _restrict_pinned *hosts = PyMem_RawRealloc(
        net->hosts, (size_t)(net->n_hosts + 1) * sizeof(*hosts));
    if (hosts == NULL || !_PyRestrict_NormalName(name, normal)) {
        net->hosts = hosts != NULL ? hosts : net->hosts;
        return -1;
    }
    net->hosts = hosts;
    struct _restrict_pinned *host = &hosts[net->n_hosts];
    host->name = _PyMem_RawStrdup(normal);
    host->addresses = PyMem_RawMalloc((size_t)n * sizeof(*addresses));
    if (host->name == NULL || host->addresses == NULL) {
        PyMem_RawFree(host->name);
        PyMem_RawFree(host->addresses);
        return -1;
    }
    memcpy(host->addresses, addresses, (size_t)n * sizeof(*addresses));
    host->n_addresses = n;
    host->ports = ports;
    net->n_hosts++;
    return 0;
}

int
_PyRestrict_HasNet(const struct _restrict_net *net)
{
    return net != NULL && (net->n_grants || net->n_hosts || net->info);
}

void
_PyRestrict_NetFini(struct _restrict_net *net)
{
    if (net == NULL) {
        return;
    }
    for (int i = 0; i < net->n_hosts; i++) {
        PyMem_RawFree(net->hosts[i].name);
        PyMem_RawFree(net->hosts[i].addresses);
    }
    PyMem_RawFree(net->hosts);
    PyMem_RawFree(net->grants);
    PyMem_RawFree(net->sockets);
    PyMem_RawFree(net);
}

#endif /* WITH_RESTRICTED */
