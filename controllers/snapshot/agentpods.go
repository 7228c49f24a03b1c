package snapshot

// AgentPods says which pods of an agent's DaemonSet run.
type AgentPods struct {
	// Running sums up the counts.
	Running Running
	// Wanted, Created and Ready are the DaemonSet's own counts of the nodes that should run a pod, that have
	// one, and that have a ready one.
	Wanted, Created, Ready int32
	// ReadyOn marks the nodes with a ready pod. It is nil unless some pods are ready and some are not, because
	// the counts show everything else. Err is the error of a failed read of the pods.
	ReadyOn map[string]bool
	Err     error
	// Refuses is the level of Pod Security that the agent's namespace enforces, if pods are missing and that
	// level forbids the host network; otherwise empty.
	Refuses string
}

// Running says how many pods of a DaemonSet are ready.
type Running string

const (
	// RunningUnreported: Kubernetes has not reported about the DaemonSet yet.
	RunningUnreported Running = ""
	// RunningAll: every node that should has a ready pod.
	RunningAll Running = "All"
	// RunningSome: some pods are ready, and some are not.
	RunningSome Running = "Some"
	// RunningNone: no pod is ready.
	RunningNone Running = "None"
)
