package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Identity names one process for good: a process number is given to another
// process some day, but never together with the same start time.
type Identity struct {
	PID int `json:"pid"`
	// StartTicks is when the process started, in clock ticks since the machine
	// started (field 22 of /proc/PID/stat).
	StartTicks uint64 `json:"startTicks"`
}

// Identify reads the identity of the running process pid. The error is
// fs.ErrNotExist when there is no such process.
func Identify(pid int) (Identity, error) {
	stat, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	if stat.ended() {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, fs.ErrNotExist)
	}
	return Identity{PID: pid, StartTicks: stat.startTicks}, nil
}

// Alive reports whether exactly this process still runs, with any of its threads. A
// zombie does not.
func (i Identity) Alive() bool {
	current, err := Identify(i.PID)
	return err == nil && current == i
}

// signalGroup sends a signal to the process group that the process leads, or
// does nothing when the process has gone.
func (i Identity) signalGroup(signal syscall.Signal) error {
	if !i.Alive() {
		return nil
	}
	if err := syscall.Kill(-i.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %s to process group %d: %w", signal, i.PID, err)
	}
	return nil
}

// End asks a process that is not a child of ours, and its group, to stop, and
// kills it when it has not gone after the grace period. It never touches
// another process that was given the same number.
func (i Identity) End(grace time.Duration) error {
	if err := i.signalGroup(syscall.SIGTERM); err != nil {
		return err
	}
	if i.GoneWithin(grace) {
		return nil
	}
	if err := i.signalGroup(syscall.SIGKILL); err != nil {
		return err
	}
	if !i.GoneWithin(killTimeout) {
		return fmt.Errorf("process %d did not end after SIGKILL", i.PID)
	}
	return nil
}

// GoneWithin waits until the process has ended, and reports whether it has within
// the limit.
func (i Identity) GoneWithin(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for i.Alive() {
		select {
		case <-timer.C:
			return false
		case <-ticker.C:
		}
	}
	return true
}

// Save writes the identity to a file, in one step.
func (i Identity) Save(path string) error {
	content, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encoding the identity of process %d: %w", i.PID, err)
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing a process file: %w", err)
	}
	return os.Rename(temporary, path)
}

// LoadIdentity reads what Save wrote.
func LoadIdentity(path string) (Identity, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Identity{}, fmt.Errorf("reading a process file: %w", err)
	}
	var identity Identity
	if err := json.Unmarshal(content, &identity); err != nil {
		return Identity{}, fmt.Errorf("reading process file %s: %w", filepath.Base(path), err)
	}
	return identity, nil
}

// stat holds the fields of proc_pid_stat(5) that this package reads.
type stat struct {
	state      string
	threads    int
	startTicks uint64
}

// ended reports whether nothing of the process runs any more. Its first thread may be a
// zombie while another one still ends the process; that takes a moment
// for the first process of a namespace, as the kernel ends all others there first.
func (s stat) ended() bool { return s.state == "Z" && s.threads <= 1 }

func readStat(pid int) (stat, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	return parseStat(string(content))
}

// parseStat reads the line of a process. The command's name comes second, in
// parentheses, and may itself contain spaces and parentheses.
func parseStat(line string) (s stat, err error) {
	const stateField, threadsField, startField = 3, 20, 22
	end := strings.LastIndexByte(line, ')')
	fields := strings.Fields(line[end+1:])
	if end < 0 || len(fields) <= startField-stateField {
		return stat{}, fmt.Errorf("reading process state: unexpected line %q", line)
	}
	s.state = fields[0]
	if s.threads, err = strconv.Atoi(fields[threadsField-stateField]); err != nil {
		return stat{}, fmt.Errorf("reading the number of threads: %w", err)
	}
	if s.startTicks, err = strconv.ParseUint(fields[startField-stateField], 10, 64); err != nil {
		return stat{}, fmt.Errorf("reading process start time: %w", err)
	}
	return s, nil
}
