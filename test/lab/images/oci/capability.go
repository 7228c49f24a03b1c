package oci

import (
	"encoding/binary"
	"fmt"
)

// GrantBindingLowPorts gives a program the file capability to listen on ports below 1024
// (`setcap cap_net_bind_service=+ep`). The program then does not start in a container without that
// capability.
func (t *Tree) GrantBindingLowPorts(name string) error {
	e, ok := t.entries[name]
	if !ok || e.content == nil {
		return fmt.Errorf("granting a capability to %s: it is no file of the image", name)
	}
	e.header.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": fileCapability(netBindService)}
	t.entries[name] = e
	return nil
}

// netBindService is CAP_NET_BIND_SERVICE of linux/capability.h.
const netBindService = 10

// fileCapability returns the attribute as the kernel reads it (struct vfs_cap_data, version 2): the
// version with the flag that makes the capability effective, then the permitted and the inheritable
// set, the lower halves first.
func fileCapability(capability uint) string {
	const version2, effective = 0x02000000, 1
	data := binary.LittleEndian.AppendUint32(nil, version2|effective)
	data = binary.LittleEndian.AppendUint32(data, 1<<capability)
	return string(append(data, make([]byte, 12)...))
}
