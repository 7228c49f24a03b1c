package v1alpha1

// ClientIPSpec names the proxies in front of the edge nodes that may set the client's address. The
// controller trusts no other address.
//
// +kubebuilder:validation:XValidation:rule="has(self.proxyProtocol) || has(self.forwardedHeader)",message="clientIP must hold proxyProtocol, forwardedHeader or both: write what stands in front of the edge nodes, or remove clientIP where clients connect directly"
// +kubebuilder:validation:XValidation:rule="[((has(self.proxyProtocol) && has(self.proxyProtocol.trustedCIDRs) ? self.proxyProtocol.trustedCIDRs : []) + (has(self.forwardedHeader) && has(self.forwardedHeader.trustedCIDRs) ? self.forwardedHeader.trustedCIDRs.filter(c, !has(self.proxyProtocol) || !has(self.proxyProtocol.trustedCIDRs) || !(c in self.proxyProtocol.trustedCIDRs)) : [])).filter(c, isCIDR(c)).map(c, cidr(c)).filter(c, c.ip().family() == 4 || cidr('::/64').containsCIDR(c) || cidr('64:ff9b::/47').containsCIDR(c) || cidr('2002::/16').containsCIDR(c))].all(all, [all.filter(w, w.prefixLength() < (w.ip().family() == 4 ? 16 : cidr('2002::/16').containsCIDR(w) ? 32 : 112))].all(wide, all.filter(c, !wide.exists(w, w.prefixLength() < c.prefixLength() && w.containsCIDR(c))).map(c, [c.ip().family() == 4 ? c.prefixLength() - 8 : cidr('2002::/16').containsCIDR(c) ? c.prefixLength() - 24 : c.prefixLength() - 104].map(e, e < 0 ? 65536 : e > 16 ? 1 : e > 7 ? [65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1][e] : [65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1][e] / wide.filter(w, w == c).size())[0]).sum() <= 262144))",message="the trustedCIDRs of clientIP add up to more than four IPv4 /8 ranges, which is close to everyone: write the addresses that your proxies really have"
// +kubebuilder:validation:XValidation:rule="[((has(self.proxyProtocol) && has(self.proxyProtocol.trustedCIDRs) ? self.proxyProtocol.trustedCIDRs : []) + (has(self.forwardedHeader) && has(self.forwardedHeader.trustedCIDRs) ? self.forwardedHeader.trustedCIDRs.filter(c, !has(self.proxyProtocol) || !has(self.proxyProtocol.trustedCIDRs) || !(c in self.proxyProtocol.trustedCIDRs)) : [])).filter(c, isCIDR(c)).map(c, cidr(c)).filter(c, c.ip().family() == 6)].all(all, [all.filter(w, w.prefixLength() < 24)].all(wide, all.filter(c, !wide.exists(w, w.prefixLength() < c.prefixLength() && w.containsCIDR(c))).map(c, c.prefixLength() < 16 ? 65536 : c.prefixLength() > 32 ? 1 : c.prefixLength() > 23 ? [65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1][c.prefixLength() - 16] : [65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1][c.prefixLength() - 16] / wide.filter(w, w == c).size()).sum() <= 262144))",message="the trustedCIDRs of clientIP add up to more than four IPv6 /16 ranges, which is close to everyone: write the addresses that your proxies really have"
type ClientIPSpec struct {
	// proxyProtocol is for a balancer in front that speaks PROXY protocol (version 1 or 2). The
	// controller then refuses connections without it.
	// +optional
	ProxyProtocol *ProxyProtocolSpec `json:"proxyProtocol,omitempty"`

	// forwardedHeader is for an HTTP proxy or CDN in front that writes the client's address into a
	// header. Write both for a CDN behind a balancer that speaks PROXY protocol.
	// +optional
	ForwardedHeader *ForwardedHeaderSpec `json:"forwardedHeader,omitempty"`
}

// ProxyProtocolSpec is a balancer that speaks PROXY protocol.
//
// +kubebuilder:validation:XValidation:rule="has(self.trustedCIDRs)",message="clientIP.proxyProtocol.trustedCIDRs is missing, and without it the controller trusts nobody: write the addresses of the balancer, as the edge nodes see them, such as 10.0.0.0/24"
type ProxyProtocolSpec struct {
	// trustedCIDRs are the addresses of the balancer, as the edge nodes see them. Required.
	// +optional
	TrustedCIDRs TrustedCIDRs `json:"trustedCIDRs,omitempty"`
}

// ForwardedHeaderSpec is an HTTP proxy or CDN that writes the client's address into a header.
//
// +kubebuilder:validation:XValidation:rule="has(self.trustedCIDRs)",message="clientIP.forwardedHeader.trustedCIDRs is missing, and without it the controller trusts nobody: write the addresses of the proxies, such as 203.0.113.0/24"
type ForwardedHeaderSpec struct {
	// header holds the client's address.
	// +optional
	// +kubebuilder:default="X-Forwarded-For"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9_-]*$')",message="clientIP.forwardedHeader.header must be a header name of letters, digits, hyphens and underscores: write X-Forwarded-For or the header of your CDN, such as CF-Connecting-IP"
	// +kubebuilder:validation:XValidation:rule="!(self.lowerAscii() in ['forwarded', 'via', 'host', 'origin', 'referer', 'user-agent', 'cookie', 'authorization', 'connection', 'upgrade', 'te', 'transfer-encoding', 'content-length', 'content-type', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-scheme', 'x-forwarded-port', 'x-forwarded-server', 'x-request-id'])",message="clientIP.forwardedHeader.header must be a header that holds addresses alone: write X-Forwarded-For or the header of your CDN, such as CF-Connecting-IP"
	Header string `json:"header,omitempty"`

	// trustedCIDRs are the addresses of the proxies, as the edge nodes see them. With proxyProtocol
	// they are as the balancer sees them. Required.
	// +optional
	TrustedCIDRs TrustedCIDRs `json:"trustedCIDRs,omitempty"`

	// policy says what the proxy does with a header that its client sent. Append adds the address that
	// the proxy saw, Replace overwrites the header. The cluster does not show it, so the condition
	// ForwardedHeadersSafe stays Unknown until it is measured, even with a policy.
	// +optional
	Policy ForwardedHeaderPolicy `json:"policy,omitempty"`

	// protoAndHost says whether the controller also trusts X-Forwarded-Proto, -Host and -Port, from
	// any address and not only from trustedCIDRs. An application needs them where the proxy ends
	// TLS and the application must know. The engine IngressNGINX cannot ignore them where
	// proxyProtocol is set too, so set TrustFromAnyone there.
	// +optional
	// +kubebuilder:default=Ignore
	ProtoAndHost ProtoAndHost `json:"protoAndHost,omitempty"`
}

// ForwardedHeaderPolicy says what a proxy does with the header that its client sent.
// +kubebuilder:validation:Enum=Append;Replace
type ForwardedHeaderPolicy string

// The values of ForwardedHeaderPolicy.
const (
	ForwardedHeaderAppend  ForwardedHeaderPolicy = "Append"
	ForwardedHeaderReplace ForwardedHeaderPolicy = "Replace"
)

// ProtoAndHost says whether the controller trusts X-Forwarded-Proto, -Host and -Port.
// +kubebuilder:validation:Enum=Ignore;TrustFromAnyone
type ProtoAndHost string

// The values of ProtoAndHost.
const (
	ProtoAndHostIgnore          ProtoAndHost = "Ignore"
	ProtoAndHostTrustFromAnyone ProtoAndHost = "TrustFromAnyone"
)

// TrustedCIDRs are the addresses that the controller trusts. They must not cover everyone. The
// shortest prefix is /8 for IPv4 and /16 for IPv6. An IPv6 range that stands for IPv4 addresses
// (NAT64, 6to4) counts as the IPv4 range inside it. All ranges of a family together, in both lists of
// clientIP, cover at most four of the widest.
//
// +listType=atomic
// +kubebuilder:validation:MaxItems=256
// +kubebuilder:validation:XValidation:rule="size(self) > 0",message="trustedCIDRs must not be empty: write the addresses of what stands in front of the edge nodes, such as 203.0.113.0/24"
// +kubebuilder:validation:XValidation:rule="self.all(c, !isCIDR(c) || cidr(c).prefixLength() >= (cidr(c).ip().family() == 4 ? 8 : 16))",messageExpression="'trustedCIDRs must not cover everyone, and ' + self.filter(c, isCIDR(c) && cidr(c).prefixLength() < (cidr(c).ip().family() == 4 ? 8 : 16))[0] + ' comes close to it (the shortest prefix is /8 for IPv4 and /16 for IPv6): write the addresses that your proxies really have'",message="trustedCIDRs must not cover everyone; the shortest prefix is /8 for IPv4 and /16 for IPv6: write the addresses that your proxies really have"
// +kubebuilder:validation:XValidation:rule="self.all(c, !isCIDR(c) || cidr(c).ip().family() == 4 || cidr(c).prefixLength() < 16 || {'::/64': 104, '64:ff9b::/47': 104, '2002::/16': 24, '2001::/32': 128}.all(e, {'::/64': 104, '64:ff9b::/47': 104, '2002::/16': 24, '2001::/32': 128}[e] <= cidr(c).prefixLength() || !(cidr(e).containsCIDR(cidr(c)) || cidr(c).containsCIDR(cidr(e)))))",message="trustedCIDRs has an IPv6 range in which every IPv4 address has its place (IPv4-mapped, NAT64, 6to4 or Teredo), which covers everyone: write the IPv4 and IPv6 addresses that your proxies really have"
type TrustedCIDRs []CIDR
