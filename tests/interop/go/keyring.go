package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/zalando/go-keyring"
)

const (
	service      = "goflow"
	indexAccount = "__goflow_index__"
)

func useKeyring(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 1 && args[0] == "index" {
		keys, err := readIndex()
		return printJSON(out, keys, err)
	}
	if len(args) != 2 {
		return errors.New("usage: interop keyring set|get|delete KEY, or interop keyring index")
	}
	switch action, key := args[0], args[1]; action {
	case "set":
		secret, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		if err := keyring.Set(service, key, string(secret)); err != nil {
			return err
		}
		return changeIndex(func(keys []string) []string {
			if slices.Contains(keys, key) {
				return keys
			}
			return append(keys, key)
		})
	case "get":
		secret, err := keyring.Get(service, key)
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, secret)
		return err
	case "delete":
		if err := keyring.Delete(service, key); err != nil {
			return err
		}
		return changeIndex(func(keys []string) []string {
			return slices.DeleteFunc(keys, func(k string) bool { return k == key })
		})
	default:
		return fmt.Errorf("unknown action %q", action)
	}
}

func readIndex() ([]string, error) {
	text, err := keyring.Get(service, indexAccount)
	if errors.Is(err, keyring.ErrNotFound) {
		return []string{}, nil
	}
	if err != nil {
		return nil, err
	}
	keys := []string{}
	err = json.Unmarshal([]byte(text), &keys)
	return keys, err
}

func changeIndex(change func([]string) []string) error {
	keys, err := readIndex()
	if err != nil {
		return err
	}
	text, err := json.Marshal(change(keys))
	if err != nil {
		return err
	}
	return keyring.Set(service, indexAccount, string(text))
}
