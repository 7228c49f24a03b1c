package v1alpha1

// ClientIPSpec says who in front of the edge nodes may name the client's address. Nobody else is believed.
//
// +kubebuilder:validation:XValidation:rule="has(self.proxyProtocol) || has(self.forwardedHeader)",message="clientIP must hold proxyProtocol, forwardedHeader or both; remove clientIP where clients connect directly"
type ClientIPSpec struct {
	// proxyProtocol: a balancer in front speaks PROXY protocol (version 1 or 2). Connections without it are refused then.
	// +optional
	ProxyProtocol *ProxyProtocolSpec `json:"proxyProtocol,omitempty"`

	// forwardedHeader: an HTTP proxy or CDN in front writes the client's address into a header. Together with proxyProtocol: a CDN behind such a balancer.
	// +optional
	ForwardedHeader *ForwardedHeaderSpec `json:"forwardedHeader,omitempty"`
}

// ProxyProtocolSpec is a balancer that speaks PROXY protocol.
type ProxyProtocolSpec struct {
	// trustedCIDRs are the addresses of the balancer, as the edge nodes see them.
	// +required
	TrustedCIDRs TrustedCIDRs `json:"trustedCIDRs"`
}

// ForwardedHeaderSpec is an HTTP proxy or CDN that writes the client's address into a header.
type ForwardedHeaderSpec struct {
	// header that holds the client's address.
	// +optional
	// +kubebuilder:default="X-Forwarded-For"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9-]*$')",message="clientIP.forwardedHeader.header must be a header name of letters, digits and hyphens, such as X-Forwarded-For or CF-Connecting-IP"
	// +kubebuilder:validation:XValidation:rule="!(self.lowerAscii() in ['forwarded', 'host', 'cookie', 'authorization', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-original-forwarded-for'])",message="clientIP.forwardedHeader.header must be a header that holds an address alone: write X-Forwarded-For, X-Real-IP or your CDN's own, such as CF-Connecting-IP"
	Header string `json:"header,omitempty"`

	// trustedCIDRs are the addresses of the proxies, as the edge nodes see them; with proxyProtocol, as the balancer sees them.
	// +required
	TrustedCIDRs TrustedCIDRs `json:"trustedCIDRs"`

	// policy says what the proxy does with a header that its client sent: Append adds the address that it saw, Replace overwrites the header.
	// It cannot be seen from the cluster; without it the condition ForwardedHeadersSafe stays Unknown.
	// +optional
	Policy ForwardedHeaderPolicy `json:"policy,omitempty"`

	// protoAndHost says whether X-Forwarded-Proto, -Host and -Port are believed as well. The engine then believes them from anybody, not only from trustedCIDRs.
	// Needed where the proxy ends TLS and the application must know. With proxyProtocol the engine cannot leave it out.
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

// ProtoAndHost says whether X-Forwarded-Proto, -Host and -Port are believed.
// +kubebuilder:validation:Enum=Ignore;TrustFromAnyone
type ProtoAndHost string

// The values of ProtoAndHost.
const (
	ProtoAndHostIgnore          ProtoAndHost = "Ignore"
	ProtoAndHostTrustFromAnyone ProtoAndHost = "TrustFromAnyone"
)

// TrustedCIDRs are the addresses that are believed. They must not cover everyone, however that is written: the shortest prefix is
// /8 for IPv4 and /16 for IPv6, and all of IPv4 together at most the size of four /8.
//
// +listType=atomic
// +kubebuilder:validation:MinItems=1
// +kubebuilder:validation:MaxItems=256
// +kubebuilder:validation:XValidation:rule="self.all(c, !isCIDR(c) || cidr(c).ip().family() != 4 || cidr(c).prefixLength() >= 8)",message="trustedCIDRs must not cover everyone: the shortest IPv4 prefix is /8; write the addresses that your proxies really have"
// +kubebuilder:validation:XValidation:rule="self.all(c, !isCIDR(c) || cidr(c).ip().family() != 6 || cidr(c).prefixLength() >= 16)",message="trustedCIDRs must not cover everyone: the shortest IPv6 prefix is /16; write the addresses that your proxies really have"
// +kubebuilder:validation:XValidation:rule="self.map(c, !isCIDR(c) || cidr(c).ip().family() != 4 || cidr(c).prefixLength() < 8 || cidr(c).prefixLength() > 16 ? 1 : [256, 128, 64, 32, 16, 8, 4, 2, 1][cidr(c).prefixLength() - 8]).sum() <= 1024",message="trustedCIDRs together cover more than four IPv4 /8 ranges, which is close to everyone: write the addresses that your proxies really have"
type TrustedCIDRs []CIDR
