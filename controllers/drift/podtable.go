package drift

// Reasons that several fields share.
const (
	whereItRuns  = "it decides where the pods run and who makes room for whom"
	howMuch      = "it decides with how much the pods run"
	onlyAName    = "it names the pod; the engine goes by the name of the object"
	onlyRestrict = "it can only take rights away from the processes"
	anotherUser  = "it gives the processes rights over each other's files"
)

// podSpec has a row for every field of PodSpec. A test fails when Kubernetes adds one. The first
// rows decide which programs run and which connections reach them: with a file mounted over the
// engine's template, or a process beside it, the engine could trust any address.
var podSpec = fields{
	"containers":            ours("they are what runs").with(container),
	"initContainers":        ours("they run before the engine and share its volumes, or beside it"),
	"ephemeralContainers":   ours("they run beside the engine"),
	"volumes":               ours("they hold files that the engine could read"),
	"hostNetwork":           ours("connections reach the node itself then, from other addresses"),
	"hostPID":               ours("processes of the node and of the pod reach each other"),
	"hostIPC":               ours("processes of the node and of the pod share memory"),
	"shareProcessNamespace": ours("processes of one container reach those of another"),
	"runtimeClassName":      ours("it chooses the program that runs the containers and their network"),
	"resourceClaims":        ours("a device can be a network interface"),
	"enableServiceLinks":    ours("it adds to the environment"),
	"securityContext": theirs(onlyRestrict).with(fields{
		"sysctls":        ours("they change the pod's network"),
		"windowsOptions": ours("they can run the pod's processes on the node itself"),
		"runAsUser":      {ours: true, why: anotherUser, perContainer: true},
		"runAsGroup":     {ours: true, why: anotherUser, perContainer: true},
	}),

	"serviceAccountName":           theirs("it decides what the engine may read; the operator sets one and restores it"),
	"serviceAccount":               theirs("the old name of serviceAccountName, which the API server keeps equal"),
	"automountServiceAccountToken": theirs("without a token the engine does not start; the operator sets one and restores it"),
	"imagePullSecrets":             theirs("they are for a registry that wants to know who asks; the image's digest is fixed"),
	"priorityClassName":            theirs(whereItRuns),
	"priority":                     theirs(whereItRuns),
	"preemptionPolicy":             theirs(whereItRuns),
	"nodeSelector":                 {why: whereItRuns, atomic: true},
	"nodeName":                     theirs(whereItRuns),
	"affinity":                     theirs(whereItRuns),
	"tolerations":                  theirs(whereItRuns),
	"topologySpreadConstraints":    theirs(whereItRuns),
	"schedulerName":                theirs(whereItRuns),
	"schedulingGates":              theirs(whereItRuns),
	"schedulingGroup":              theirs(whereItRuns),
	"evictionResponders":           theirs(whereItRuns),
	"overhead":                     theirs(howMuch),
	"resources":                    theirs(howMuch),
	"hostname":                     theirs(onlyAName),
	"hostnameOverride":             theirs(onlyAName),
	"subdomain":                    theirs(onlyAName),
	"setHostnameAsFQDN":            theirs(onlyAName),
	"hostUsers":                    theirs(onlyRestrict),
	"os":                           theirs("a node of another system does not start the pod"),
	"restartPolicy":                theirs("workloads allow one value only"),
	"activeDeadlineSeconds":        theirs("it ends pods and changes none"),
	"terminationGracePeriodSeconds": theirs(
		"it decides how long a pod may take to end; the operator sets a time and restores it"),
	"readinessGates": theirs("they decide when a pod counts as ready, not what it does"),
	"dnsPolicy":      theirs("names matter to what the engine asks others, not to who reaches it"),
	"dnsConfig":      theirs("names matter to what the engine asks others, not to who reaches it"),
	"hostAliases":    theirs("names matter to what the engine asks others, not to who reaches it"),
}

// container has a row for every field of Container.
var container = fields{
	"name":          ours("the engine's container is known by it"),
	"image":         ours("it is what runs"),
	"command":       ours("it is what runs"),
	"args":          ours("they name the ConfigMap that the engine reads"),
	"workingDir":    ours("files of relative names are found there"),
	"env":           {ours: true, why: "libraries and settings can come from there", oneOf: true, below: fields{"valueFrom": envSource}},
	"envFrom":       ours("libraries and settings can come from there"),
	"volumeMounts":  ours("a file can be mounted over the engine's template"),
	"volumeDevices": ours("a device can take the place of a file"),
	"lifecycle":     ours("hooks run programs").with(fields{"postStart": oneHandler, "preStop": oneHandler}),
	"ports": ours("the Service finds a port by its name, and a host port opens the node").with(fields{
		"hostPort": {ours: true, why: "it leads from the node to the container", onHostNetwork: "containerPort"},
		"protocol": ours("it tells ports apart").unlessDefault("TCP"),
	}),
	"livenessProbe":  probe,
	"readinessProbe": probe,
	"startupProbe":   probe,
	"resources":      theirs(howMuch).with(fields{"claims": ours("a device can be a network interface")}),
	"securityContext": theirs(onlyRestrict).with(fields{
		"privileged":               ours("the processes could change the node and its network"),
		"allowPrivilegeEscalation": ours("the processes could get more rights"),
		"capabilities": theirs(onlyRestrict).with(fields{
			"add":  ours("the processes could change the pod's network"),
			"drop": {ours: true, why: "the processes could change the pod's network", mayGrow: true},
		}),
		"procMount":      ours("the processes could change the kernel's settings").unlessDefault("Default"),
		"windowsOptions": ours("they can run the process on the node itself"),
		"runAsUser":      ours(anotherUser),
		"runAsGroup":     ours(anotherUser),
	}),

	"resizePolicy":             theirs(howMuch),
	"restartPolicy":            theirs("it decides when the same program is started again"),
	"restartPolicyRules":       theirs("they decide when the same program is started again"),
	"imagePullPolicy":          theirs("the image's digest is fixed"),
	"terminationMessagePath":   theirs("the kubelet reads it when the process has ended"),
	"terminationMessagePolicy": theirs("the kubelet reads it when the process has ended"),
	"stdin":                    theirs("the engine does not read it"),
	"stdinOnce":                theirs("the engine does not read it"),
	"tty":                      theirs("the engine does not read it"),
}

// probe: how often and where the kubelet asks changes nothing in the container; a command does.
var probe = rule{why: "it decides when a pod counts as ready or starts again", oneOf: true, below: fields{"exec": ours("it runs a program")}}

var oneHandler = rule{ours: true, why: "it runs a program", oneOf: true}

var envSource = rule{ours: true, why: "it is where a variable's value comes from", oneOf: true, below: fields{
	"fieldRef": ours("it is where a variable's value comes from").with(fields{"apiVersion": ours("it names a version of the same fields").unlessDefault("v1")}),
}}
