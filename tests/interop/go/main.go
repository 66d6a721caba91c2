// Command interop reads and writes the data of GoFlow the way its Go
// implementation does: the same libraries, struct tags and statements. The tests
// beside it use it to prove that both implementations understand each other.
//
//	interop yaml-read FILE           workflow file → JSON on standard output
//	interop yaml-write FILE          JSON on standard input → workflow file
//	interop db-read FILE             every row → JSON on standard output
//	interop db-write FILE            JSON on standard input → rows, times in the zone TZ
//	interop keyring set|get|delete KEY   secret on standard input or output
//	interop keyring index            the list of keys → JSON on standard output
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	_ "time/tzdata"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) < 2 {
		return errors.New("usage: interop COMMAND FILE")
	}
	switch command, file := args[0], args[1]; command {
	case "yaml-read":
		result, err := readWorkflow(file)
		return printJSON(out, result, err)
	case "yaml-write":
		var input workflow
		if err := json.NewDecoder(in).Decode(&input); err != nil {
			return err
		}
		return writeWorkflow(file, &input)
	case "db-read":
		result, err := readDatabase(file)
		return printJSON(out, result, err)
	case "db-write":
		var input database
		if err := json.NewDecoder(in).Decode(&input); err != nil {
			return err
		}
		return writeDatabase(file, &input)
	case "keyring":
		return useKeyring(args[1:], in, out)
	default:
		return fmt.Errorf("unknown command %q", command)
	}
}

func printJSON(out io.Writer, value any, err error) error {
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(value)
}
