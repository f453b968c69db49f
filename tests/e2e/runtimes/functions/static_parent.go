// SPDX-License-Identifier: Apache-2.0

// A static parent of functions in Go, such as OpenFaaS's watchdogs are: no library can be in it, its children are
// made by its own system calls. What it sets and sends is what these do (README.md says why it is not they).
//
//	static_parent fork COMMAND…       a process for each request, which gets it whole (classic, "serializing")
//	static_parent streaming COMMAND…  the same, as it comes
//	static_parent http COMMAND…       one process, asked over HTTP
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var command = os.Args[2:]

// The request, but for its body, in the environment of who handles it.
func environment(request *http.Request) []string {
	all := os.Environ()
	for name, values := range request.Header {
		all = append(all, "Http_"+strings.ReplaceAll(name, "-", "_")+"="+values[0])
	}
	return append(all, "Http_Method="+request.Method, "Http_Path="+request.URL.Path, "Http_Host="+request.Host,
		"Http_Query="+request.URL.RawQuery, "Http_Content_Length="+strconv.FormatInt(request.ContentLength, 10))
}

func handler(request *http.Request) *exec.Cmd {
	process := exec.Command(command[0], command[1:]...)
	process.Env = environment(request)
	process.Stderr = os.Stderr
	return process
}

func failed(response http.ResponseWriter, err error) {
	http.Error(response, err.Error(), http.StatusInternalServerError)
}

func fork(response http.ResponseWriter, request *http.Request) {
	process := handler(request)
	body, err := io.ReadAll(request.Body)
	if err != nil {
		failed(response, err)
		return
	}
	process.Stdin = bytes.NewReader(body)
	answer, err := process.Output()
	if err != nil {
		failed(response, err)
		return
	}
	response.Write(answer)
}

func streaming(response http.ResponseWriter, request *http.Request) {
	process := handler(request)
	process.Stdin = request.Body
	process.Stdout = response
	if err := process.Run(); err != nil {
		failed(response, err)
	}
}

func freePort() int {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer probe.Close()
	return probe.Addr().(*net.TCPAddr).Port
}

// Returns what asks the one process, what stops it, and what closes when it has ended.
func proxy() (http.Handler, func(), chan struct{}) {
	address := fmt.Sprintf("127.0.0.1:%d", freePort())
	process := exec.Command(command[0], command[1:]...)
	process.Env = append(os.Environ(), "PORT="+strings.Split(address, ":")[1])
	process.Stdout, process.Stderr = os.Stdout, os.Stderr
	if err := process.Start(); err != nil {
		panic(err)
	}
	for {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	ended := make(chan struct{})
	go func() {
		process.Wait()
		close(ended)
	}()
	stop := func() { process.Process.Signal(syscall.SIGTERM) }
	return httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address}), stop, ended
}

func main() {
	var handle http.Handler
	var stop func()
	var ended chan struct{}
	switch os.Args[1] {
	case "fork":
		handle = http.HandlerFunc(fork)
	case "streaming":
		handle = http.HandlerFunc(streaming)
	default:
		handle, stop, ended = proxy()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("Serving:", listener.Addr())
	go http.Serve(listener, handle)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	<-asked
	if stop != nil {
		stop()
		<-ended
	}
}
