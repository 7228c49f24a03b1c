package answer

// ChallengesPath is where the witness takes challenges, on a port of its own that no Service publishes.
const ChallengesPath = "/challenges"

// DirectPort and AnswerPort are the ports of the witness's pods: the one for challenges, which only the
// prober asks, and the one to which controllers lead requests.
const (
	DirectPort = 8081
	AnswerPort = 8080
)

// Registration is what the prober sends to the witness: a POST of JSON to [ChallengesPath].
type Registration struct {
	// Prober is a random value of 16 to 64 letters, digits, hyphens and underscores. The prober makes it when it
	// starts and shows it to nobody but the witness. A challenge belongs to the Prober that registered it first:
	// whoever else reaches the witness's pod can register challenges of his own, and never choose from which
	// peers the witness answers those of others.
	Prober string `json:"prober"`
	// Nonces are new challenges of 16 to 64 such characters. The witness ignores those that it knows already.
	Nonces []string `json:"nonces"`
	// LifetimeSeconds is how long the challenges are good, by the witness's own clock.
	LifetimeSeconds int `json:"lifetimeSeconds"`
	// Controllers are the addresses from which controllers connect. The witness answers challenges of this
	// prober to no other peer. They replace those of the prober's earlier registrations.
	Controllers []string `json:"controllers"`
	// Stranger is what the controller answers for a host name that nobody has. The witness shows the same
	// to requests without a fresh challenge, unless the page has more than text and simple HTML: a page that could
	// run scripts under a real host name becomes a bare 404.
	Stranger Page `json:"stranger"`
}

// Page is an answer without any meaning for the measurement.
type Page struct {
	Status      int    `json:"status"`
	ContentType string `json:"contentType"`
	Body        []byte `json:"body"`
}

// Registered is the witness's answer to a [Registration].
type Registered struct {
	// PublicKey is the witness's key; see [EncodeKey]. It changes when the witness restarts, and challenges that
	// were registered before are unknown then. Make new ones, because others know those that were published.
	PublicKey string `json:"publicKey"`
	// Used are the nonces of this prober's fresh challenges of which at least one request was answered.
	Used []string `json:"used,omitempty"`
	// RefusedPeers are the last few addresses that sent a fresh challenge of this prober and are not controllers.
	RefusedPeers []string `json:"refusedPeers,omitempty"`
}
